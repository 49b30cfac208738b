/*
 * The pool of helpers: decides which helper reads which mount point, so that one that hangs delays
 * none of the others. A mount point that can be read without waiting (statfs_try) needs no helper,
 * and is read at once, unless a call on its device hung and none has succeeded since.
 *
 * One helper normally takes all that is asked for in one batch. A call that makes no progress for
 * 20 ms keeps its helper: that one is set aside, and another takes the rest. A device (major:minor)
 * has one call outstanding at a time. When a call that was set aside comes back and failed, its
 * device is suspect, and is asked by a helper of its own until a call on it succeeds. There are at
 * most 16 helpers, those included that were left behind, and the last is kept for devices whose
 * last call came back in time. When no place is left for a device, its probe is answered with
 * EBUSY.
 *
 * Errors: a probe's is in its result; what befalls a helper is logged. Threads: the loop's thread
 * only; no call blocks. Lifetimes: a probe is its owner's, between pool_join and pool_leave.
 */
#ifndef COLLECTOR_POOL_H
#define COLLECTOR_POOL_H

#include "collector/probe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;

/* NULL, logged, where memory or descriptors are short. Helpers are started when one is needed. */
struct pool *pool_new(void);

/* Kills all helpers without waiting. No probe may be joined any more. */
void pool_free(struct pool *pool);

/* Readable when pool_dispatch has something to do; the same for the pool's life. */
int pool_fd(const struct pool *pool);

/* Lets pool_fd become readable at that monotonic time (0: never), or earlier if a helper is to be
 * looked after. To be called after all that follows. */
void pool_alarm(struct pool *pool, int64_t at_ns);

/* Lets pool_fd become readable once when `fd` is; then pool_told is true until the next
 * pool_watch. It is the same `fd` each time. -1: memory is short. */
int pool_watch(struct pool *pool, int fd);
bool pool_told(const struct pool *pool);

/* Ties the probe to its device. `path` and `mount_id` are set. -1: memory is short. */
int pool_join(struct pool *pool, struct probe *probe, uint64_t device);
void pool_leave(struct pool *pool, struct probe *probe);

/* Whether a call on the probe's device is outstanding that somebody gave up: there is no use in
 * asking. */
bool pool_stuck(const struct probe *probe);

/* How many devices have such a call. */
size_t pool_stuck_count(const struct pool *pool);

/* Asks for an idle probe. Whether it was answered at once; if not, pool_dispatch sets to work.
 * `now_ns` as for resident_read. */
bool pool_ask(struct pool *pool, struct probe *probe, int64_t now_ns);

/* Whether there is nothing to do for pool_dispatch while pool_fd is not readable. */
bool pool_idle(const struct pool *pool);

/* The asker has no patience left. A call that is outstanding and was set aside is given up. */
void pool_give_up(const struct probe *probe);

/* Nobody wants the answer any more. The probe is idle then, though its call may be outstanding. */
void pool_cancel(struct pool *pool, struct probe *probe);

/* Takes in what the helpers did and gives them more to do. */
void pool_dispatch(struct pool *pool);

/* A probe that was answered, once, and now idle; NULL: there is none. */
struct probe *pool_next(struct pool *pool);

#endif
