/*
 * An attempt at a command: started, held at the gate until it is written down, run, over.
 *
 *      attempt_start -> started(pids) -> attempt_recorded -> runs -> ended(status)
 *                           |                  ^
 *                           +-- after 100 ms --+   the disk may be the full one
 *
 * One that is not `started` within 5 s is given up.
 *
 * A rehearsal is one that an operator asked for: he hears what it prints and how it ends.
 *
 * Errors: -1 with errno: it is not begun, `ended` is not called. Threads: the loop's thread only.
 */
#ifndef PARACHUTE_ATTEMPT_H
#define PARACHUTE_ATTEMPT_H

#include "parachute/run/supervisor.h"

#include <stdbool.h>
#include <stddef.h>

struct attempt;
struct waits;

/* Who hears a rehearsal; `ended` comes last. */
struct attempt_rehearsal {
    void (*line)(void *arg, const char *text, size_t len);
    void (*ended)(void *arg, int status, const char *why);
    void *arg;
};

/* Called from within waits_dispatch. */
struct attempt_heard {
    void (*started)(void *arg, const struct process *command, const struct process *supervisor);
    /* `started` was not told in time: what else is new may be written down meanwhile. */
    void (*late)(void *arg);
    /* It did not hear attempt_recorded in time, and starts all the same. */
    void (*hurried)(void *arg);
    /* `rehearsed`: it was a rehearsal, whose listener was told before this. */
    void (*ended)(void *arg, int status, bool rehearsed);
    void *arg;
};

struct attempt *attempt_new(struct waits *waits, const struct attempt_heard *heard);

/* A command that is under way goes on; one at the gate does not begin. */
void attempt_free(struct attempt *attempt);

/* None may be under way. `rehearsal` is copied; NULL: it is none. */
int attempt_start(struct attempt *attempt, const struct supervisor_work *work, const char *name,
                  const struct attempt_rehearsal *rehearsal);

/* What `started` told is written down, or cannot be: the gate opens, if it is there. */
void attempt_recorded(struct attempt *attempt);

bool attempt_under_way(const struct attempt *attempt);

/* Between attempt_start and `started`, `late` or the end. */
bool attempt_starting(const struct attempt *attempt);

/* The listener `arg` is gone: nobody is told any more. */
void attempt_forget(struct attempt *attempt, const void *arg);

#endif
