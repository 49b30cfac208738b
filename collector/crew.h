/*
 * The crew: the workers there are, at most 16, those included that hang or are not reaped yet.
 *
 * Errors: logged. Threads: the loop's thread only.
 */
#ifndef COLLECTOR_CREW_H
#define COLLECTOR_CREW_H

#include "base/log.h"
#include "collector/worker.h"

#include <stdbool.h>

#define CREW_WORKERS 16

struct crew {
    struct worker workers[CREW_WORKERS];
    int epoll;              /* watches their sockets; data.ptr is the worker */
    unsigned batches_since; /* the last loss; they went well */
    struct log_complaint complaint;
};

/* Nobody is hired yet. -1 with errno; the crew is then good only for crew_close. */
int crew_open(struct crew *crew);

/* Kills all of them without waiting. */
void crew_close(struct crew *crew, struct work *work);

/*
 * An idle worker for the next batch, a new one if need be. The last place is kept for devices that
 * are `proven`, so that what hangs cannot blind the agent on disks that answer. NULL with `*error`,
 * which is EBUSY where all places are lost to calls that were given up, and 0 where one may become
 * free soon.
 */
struct worker *crew_hire(struct crew *crew, struct work *work, bool proven, int *error);

/* The worker's helper is dead, or as good as dead. */
void crew_lose(struct crew *crew, struct work *work, struct worker *worker);

/* How many workers hang in a call that somebody gave up; each on a device of its own. */
int crew_stuck(const struct crew *crew);

/* Whether no worker has anything to do, or is to be reaped. */
bool crew_idle(const struct crew *crew);

/* A worker did its batch. */
void crew_praise(struct crew *crew);

/* With nobody busy, keeps one idle worker and one more for each suspect, and ends the others.
 * Reaps those that have ended. */
void crew_trim(struct crew *crew, struct work *work);

#endif
