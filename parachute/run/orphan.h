/*
 * An orphan: a command whose supervisor is gone before it. It is looked at ten times a second until
 * it is gone too; over its timeout its process group gets TERM, and KILL 5 s later, which is
 * logged. It is nobody's child that we could reap, so that its number may become another's: right
 * before each signal it is made sure that it is still there.
 *
 * Errors: none; one that cannot be looked at counts as there, but gets its signal later. Threads:
 * the loop's thread only.
 */
#ifndef PARACHUTE_ORPHAN_H
#define PARACHUTE_ORPHAN_H

#include "parachute/run/process.h"
#include "parachute/waits.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero: none. While it is active it must stay where it is. */
struct orphan {
    struct process process;
    struct waits *waits;
    struct wait wait;
    int64_t due_ns; /* monotonic: of the next signal; 0: of none */
    bool told;      /* it got TERM */
    void (*gone)(void *arg);
    void *arg;
};

/* `timeout_ms` counts from now; 0: none. `gone` is called from within waits_dispatch, once; it is
 * not active any more then. One that is watched already is left. */
void orphan_watch(struct orphan *orphan, struct waits *waits, const struct process *process,
                  unsigned timeout_ms, void (*gone)(void *arg), void *arg);

bool orphan_active(const struct orphan *orphan);

/* Looks no more; the command goes on. */
void orphan_leave(struct orphan *orphan);

#endif
