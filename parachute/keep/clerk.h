/*
 * A clerk: a helper process that writes files for the parachute, since a disk may hang, and the
 * agent's side of it. It does one job at a time; of the jobs that are given meanwhile only the last
 * counts, since each says the whole truth. A job that fails is done again, ever more rarely up to
 * every 32 s, until it succeeds or another is given. A helper that ended, or could not open, is
 * replaced, the first time at once, then as rarely. One that hangs is waited for: there is never a
 * second one.
 *
 *      agent: clerk_give(job) ----> clerk: work->job(job) does it, answers 0 or errno
 *             done(job's number, error) <----'
 *
 * Errors: those of the jobs are told to `done`, those of the opening to `opened`, each time;
 * complaining is the owner's. Threads: the loop's thread only; nothing blocks.
 */
#ifndef PARACHUTE_CLERK_H
#define PARACHUTE_CLERK_H

#include "base/helper.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLERK_MESSAGE_MAX ((size_t)72 * 1024) /* bytes of a job or an answer */

/* The error where the helper ended before it answered: no file's call gives this one. */
#define CLERK_ENDED EOWNERDEAD

/*
 * What the helper does. Runs in the helper, where anything may take as long as it likes. What `arg`
 * points to is the helper's own copy. `len` and `answer_len` are 0 before the call; the room is
 * CLERK_MESSAGE_MAX bytes, aligned for any type, as the job is.
 */
struct clerk_work {
    const char *name; /* as ps shows it, at most 15 bytes; borrowed */
    void *arg;
    /* Once, before the first job; the answer goes to `opened`. 0 or errno; then no job is done and
     * the helper ends. */
    int (*open)(void *arg, void *answer, size_t *len);
    /* 0 or errno; the answer, if any, goes to `done`. */
    int (*job)(void *arg, const void *job, size_t len, void *answer, size_t *answer_len);
};

/* The answers are borrowed during the call. The callee may give jobs, and free the clerk. */
struct clerk_heard {
    /* The helper has opened, or not: `error` is 0, errno, CLERK_ENDED, or why no helper could be
     * started. Again after a helper that ended. */
    void (*opened)(void *arg, int error, const void *answer, size_t len);
    /* The job with this number was done, or failed; `error` is 0, errno or CLERK_ENDED. Of a job
     * in whose place another was given before it was begun nothing is told. */
    void (*done)(void *arg, uint64_t number, int error, const void *answer, size_t len);
    void *arg;
};

struct clerk;
struct waits;

/* `work` and `heard` are copied. The helper is started at once; `heard` is called from within
 * waits_dispatch only. NULL, with errno, where memory is short. */
struct clerk *clerk_new(struct waits *waits, const struct clerk_work *work,
                        const struct clerk_heard *heard);

/* Lets the helper finish what was given, once, though nobody hears how it went. One that has not
 * opened yet is ended: it may wait for another agent's. */
void clerk_free(struct clerk *clerk);

/*
 * What the helper has a copy of, `arg` of its work, is another now. It ends once it has done the
 * job in hand, and another one is begun, which opens anew; what was given and is not begun yet is
 * the new one's. Nothing of that is an error, or told as one.
 */
void clerk_renew(struct clerk *clerk);

/* Gives a job, copied; its number, from 1. It is done once the helper is free. -1, with errno:
 * memory, or it is too long. */
int64_t clerk_give(struct clerk *clerk, const void *job, size_t len);

/* Since when the job in hand, or the opening, is under way; monotonic. 0: neither is. */
int64_t clerk_busy_since_ns(const struct clerk *clerk);

/* All that was given is done. */
bool clerk_idle(const struct clerk *clerk);

#endif
