/*
 * The runner: the agent's side of a supervisor. It starts one, hears it, opens the gate, and says
 * when it is over. One run at a time.
 *
 * What the command prints goes into the log, line by line; how it began and ended too. Where the
 * supervisor is killed before its command, that is waited for, and its timeout kept, see orphan.h;
 * then nobody knows how it ended. A run that did not come through the gate ends with
 * PLAN_STATUS_UNBEGUN.
 *
 * Errors: what keeps a command from running is its end, told to `ended`. Threads: the loop's thread
 * only; nothing blocks.
 */
#ifndef PARACHUTE_RUNNER_H
#define PARACHUTE_RUNNER_H

#include "parachute/run/supervisor.h"

#include <stdbool.h>
#include <stdint.h>

struct runner;
struct waits;

/* Called from within waits_dispatch. The runner may not be freed from there. */
struct runner_heard {
    /* It waits at the gate, and stays until runner_go. */
    void (*started)(void *arg, const struct process *command, const struct process *supervisor);
    void (*line)(void *arg, const char *text, size_t len);
    /* It is over, see plan_ended; the runner can start another one. `why` says more, "" where there
     * is no more to say. */
    void (*ended)(void *arg, int status, const char *why);
    void *arg;
};

struct runner *runner_new(struct waits *waits, const struct runner_heard *heard);

/* A command that is under way goes on without us; one that waits at the gate is not run. */
void runner_free(struct runner *runner);

/* None may be under way. `name` is for the log: "activate, attempt 1 of 4". All is borrowed during
 * the call only. -1: `ended` is not called; errno. */
int runner_start(struct runner *runner, const struct supervisor_work *work, const char *name);

/* Opens the gate; once. */
void runner_go(struct runner *runner);

/* One that was not let through the gate is given up, and its supervisor killed: it ends, at the
 * next waits_dispatch, since it did not begin in time. Else nothing. */
void runner_abort(struct runner *runner);

bool runner_busy(const struct runner *runner);

#endif
