/*
 * The plan: which command has to run, and when, from the node's turns between activated and not.
 * Pure.
 *
 *              turn                 plan_started             plan_ended
 *      NONE ---------> PENDING -----------------> RUNNING -------------> FINISHED
 *                         ^                          |
 *                         |   backoff, or lost       |  no retry is left, or the node turned back
 *                         +--------------------------+-------------> FAILED
 *
 * A failed attempt is followed by another one after 1 s, 2 s, 4 s ... at most 60 s, `retries`
 * times. One run at a time; a turn meanwhile waits for it, and of those that wait only the last
 * counts:
 *  - an activation forgets how the last runs ended. It takes the place of a release that waits, or
 *    is to be tried again; it waits for one that is running, and for an activation that still is;
 *  - a release cancels an activation that waits or was never begun (NONE), and the retries of one
 *    that was (FAILED); then it runs. Only where what it cancels was never begun, it does not run
 *    if none is owed, or if one is running: that one does for it;
 *  - an event without a command has no run; what it cancels is cancelled all the same. Where the
 *    activation has no command, every release runs;
 *  - an attempt that fails, or is lost, when the node has turned meanwhile, is not retried: FAILED.
 * A run that was started is never started again but after it failed, or was lost unrecorded.
 *
 * Errors: none. Threads: any. Times are monotonic, in nanoseconds.
 */
#ifndef PARACHUTE_PLAN_H
#define PARACHUTE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum plan_event { PLAN_ACTIVATE, PLAN_RELEASE, PLAN_EVENTS };

enum plan_state { PLAN_NONE, PLAN_PENDING, PLAN_RUNNING, PLAN_FINISHED, PLAN_FAILED };

/* The run for one turn of the node, over all its attempts. */
struct plan_run {
    enum plan_state state;
    uint64_t number;   /* of the run, from 1; ever growing, also over restarts */
    unsigned attempts; /* that were started, lost ones too */
    int64_t due_ns;    /* PENDING: not before */
    int status;        /* how the last attempt ended, see plan_ended; 0 where none has */
    int64_t changed_s; /* wall clock, seconds: when `state` became what it is */
};

/* What is configured. */
struct plan_rules {
    bool has[PLAN_EVENTS]; /* a command */
    unsigned retries[PLAN_EVENTS];
};

/* All zero: not activated, nothing ever ran. What a restart has to know of it is all of it. */
struct plan {
    bool activated;
    int64_t since_s;      /* wall clock: when `activated` became what it is; 0: never */
    uint64_t last_number; /* given to a run */
    struct plan_run runs[PLAN_EVENTS]; /* the last one of each event */
    bool waits[PLAN_EVENTS]; /* the event has to run once the one that is RUNNING is over */
    bool release_owed;       /* an activation was begun, and no release has finished since */
};

/* "activate", "release" */
const char *plan_event_name(enum plan_event event);

/* The moment of a call, on both clocks. */
struct plan_now {
    int64_t mono_ns;
    int64_t wall_s;
};

/* The node is activated, or not; called after each cycle. Whether that is a turn. */
bool plan_turn(struct plan *plan, const struct plan_rules *rules, bool activated,
               struct plan_now now);

/* Whether an event's run is to be started now; which. Never while one is RUNNING. */
bool plan_due(const struct plan *plan, struct plan_now now, enum plan_event *event);

/* When plan_due will have something, or had it already; -1: not by the mere passing of time. */
int64_t plan_wake_ns(const struct plan *plan);

/* The run that is RUNNING; PLAN_EVENTS: none is. */
enum plan_event plan_running(const struct plan *plan);

/* An attempt of the run that plan_due gave begins; before anything of it is done. */
void plan_started(struct plan *plan, enum plan_event event, struct plan_now now);

/*
 * The running attempt is over: `status` is 0 for success, 1..255 the exit status, 256 + the signal
 * that ended it, or one of these.
 */
#define PLAN_STATUS_SIGNAL 256
#define PLAN_STATUS_TIMEOUT 1024 /* it was ended after its timeout */
#define PLAN_STATUS_REFUSED 1025 /* it could not be run: not there, not trusted */
#define PLAN_STATUS_UNKNOWN 1026 /* nobody saw how it ended */
/* It could not even be begun, for lack of a process; no attempt is used up. */
#define PLAN_STATUS_UNBEGUN 1027
void plan_ended(struct plan *plan, const struct plan_rules *rules, int status, struct plan_now now);

/* The running attempt vanished unrecorded, with the agent before: it has to run again, also where
 * no retry is left. Its status is PLAN_STATUS_UNKNOWN. */
void plan_lost(struct plan *plan, const struct plan_rules *rules, struct plan_now now);

/* The rules are others now: what waits and has no command any more is not to be run (NONE; FAILED
 * where it was tried). What is not yet due stays so. Whether that changed anything. */
bool plan_adapt(struct plan *plan, const struct plan_rules *rules);

/*
 * After a restart: as plan_adapt, and monotonic times of an earlier boot mean nothing now, so that
 * what is PENDING is due. One that is RUNNING stays so until plan_ended or plan_lost.
 */
void plan_resume(struct plan *plan, const struct plan_rules *rules);

/* An operator has seen it: FAILED becomes NONE. What a turn made FAILED is only forgotten when this
 * comes after that plan_turn. */
void plan_reset(struct plan *plan, struct plan_now now);

#endif
