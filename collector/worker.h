/*
 * A worker: a helper process, and the batch of probes that it works on.
 *
 *      NONE -> IDLE -> BUSY -> IDLE       the batch went through
 *                       |
 *                       +----> ASIDE -> IDLE    a call hung, and came back late
 *      any -> LEAVING -> NONE             the helper was ended, and is reaped
 *
 * Errors: a probe's is in its result. Threads: the loop's thread only.
 */
#ifndef COLLECTOR_WORKER_H
#define COLLECTOR_WORKER_H

#include "base/helper.h"
#include "collector/board.h"
#include "collector/device.h"
#include "collector/probe.h"

#include <stdbool.h>
#include <stdint.h>

/* What all workers share. */
struct work {
    struct probe_list queue;    /* asked for, in that order */
    struct probe_list answered; /* not fetched yet */
    struct devices devices;
};

/* An entry of the board. */
struct job {
    struct worker *worker;
    struct probe *probe;   /* NULL: nobody wants the answer any more */
    struct device *device; /* held */
};

enum worker_state { WORKER_NONE, WORKER_IDLE, WORKER_BUSY, WORKER_ASIDE, WORKER_LEAVING };

struct worker {
    enum worker_state state;
    struct helper helper;
    struct board *board; /* shared with the helper */
    struct job jobs[BOARD_ENTRIES];
    uint32_t count;        /* jobs in the batch */
    uint32_t delivered;    /* of them, answered */
    uint32_t noted;        /* of them, claimed at the last check */
    unsigned lazy;         /* checks in a row that found it in no call */
    int64_t check_ns;      /* BUSY: when to call worker_check; monotonic */
    struct device *device; /* held; it has this device's call all to itself */
};

/* Takes the probe off its list and puts it among the answered. */
void work_answer(struct work *work, struct probe *probe, const struct statfs_result *result);
void work_fail(struct work *work, struct probe *probe, int error);

/* IDLE: takes the probe from the queue into the next batch. false: there is no room left, and the
 * probe stays; one that has no room at all is answered. */
bool worker_take(struct worker *worker, struct work *work, struct probe *probe);

/* IDLE -> BUSY: sends the batch. `alone`: all of it is on this device, or NULL. */
void worker_go(struct worker *worker, struct device *alone, int64_t now_ns);

/* BUSY, at check_ns: sets the worker ASIDE where a call hangs; -1 where the helper does nothing at
 * all and must be given up as dead. What was not claimed goes back to the queue. */
int worker_check(struct worker *worker, struct work *work, int64_t now_ns);

/* Nobody wants that answer any more. */
void worker_disown(struct worker *worker, struct work *work, struct job *job);

/* BUSY, ASIDE -> IDLE: the batch is through. */
void worker_finish(struct worker *worker, struct work *work);

/* NONE -> IDLE: starts a helper. -1 with errno. */
int worker_start(struct worker *worker);

/* IDLE, BUSY, ASIDE -> LEAVING: ends the helper; its call is answered with EIO. */
void worker_end(struct worker *worker, struct work *work);

#endif
