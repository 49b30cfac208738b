/*
 * The pulse: a tick at each slot. A tick that is due while the one before is under way waits for
 * its end; its slot is not lost.
 *
 *   the slot begins -> a look at everything (watch) -> the snapshot is handed on
 *
 * Errors: logged. Threads: the loop's thread only; nothing blocks.
 */
#ifndef AGENT_PULSE_H
#define AGENT_PULSE_H

#include "agent/alarm.h"
#include "agent/tick.h"
#include "base/snapshot.h"
#include "emitter/self.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct watch;

struct pulse_heard {
    /* Borrowed during the call; what is added to the snapshot is part of it. `self` is of this
     * tick, but for its duration: that is the one before's. */
    void (*snapshot)(void *arg, struct snapshot *snapshot, const struct self_tick *self);
    void (*failed)(void *arg); /* there is no timer any more */
    void *arg;
};

/* All zero: not open. */
struct pulse {
    struct watch *watch;
    struct pulse_heard heard;
    struct tick tick;
    struct alarm alarm; /* for the next tick */
    int64_t due_ns;     /* that one; wall clock; 0: none is expected */
    struct self_tick self;
    int64_t begun_ns; /* the tick that is under way; monotonic */
    bool waits;       /* one is due as soon as that is over */
};

/* -1, errno. */
int pulse_open(struct pulse *pulse, struct event_base *base, const struct pulse_heard *heard);

/* The first tick. `newest_s` is the timestamp of the newest snapshot there is; -1: none. */
void pulse_begin(struct pulse *pulse, struct watch *watch, const struct tick *tick,
                 int64_t newest_s);

/* Slots of another length from now on. */
void pulse_adapt(struct pulse *pulse, unsigned interval_s, unsigned offset_s);

/* Whether the next tick is due for longer than that. */
bool pulse_overdue(const struct pulse *pulse, int64_t grace_ns);

/* No tick any more; the snapshot of the one that is under way still comes. */
void pulse_close(struct pulse *pulse);

#endif
