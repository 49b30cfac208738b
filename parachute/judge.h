/*
 * The judgement of one disk, pure: what it says depends on its arguments only (SPEC 5).
 *
 *   activate   used_percent >= threshold, or free < min_free, or inodes used >= inodes, or not
 *              mounted where that counts; in `times` of the last `cycles` readings that tell
 *   release    none of these, and used_percent < release, for release_after without a gap
 *
 * A reading that failed tells nothing: the verdict stays, and a release begins its time anew.
 *
 * Errors: none. Threads: any. Times are monotonic, in nanoseconds.
 */
#ifndef PARACHUTE_JUDGE_H
#define PARACHUTE_JUDGE_H

#include "base/reading.h"

#include <stdbool.h>
#include <stdint.h>

#define JUDGE_CYCLES_MAX 64

struct judge_rule {
    unsigned threshold_percent; /* 1..100 */
    uint64_t min_free_bytes;    /* 0: no such condition */
    unsigned inodes_percent;    /* 1..100; 0: no such condition */
    bool missing_activates;     /* one that is not mounted counts as full */
    unsigned times;             /* 1..cycles */
    unsigned cycles;            /* 1..JUDGE_CYCLES_MAX */
    unsigned release_percent;   /* 1..threshold_percent */
    int64_t release_after_ns;
    bool latch; /* only judge_reset releases */
};

/* Which condition held at the last reading that told; the first of these that does. */
enum judge_cause {
    JUDGE_CLEAR,
    JUDGE_USED,
    JUDGE_FREE,
    JUDGE_INODES,
    JUDGE_MISSING,
};

/* What is known of one observed disk after a cycle; see judge_new. */
struct verdict {
    bool seen;      /* it was mounted at least once */
    bool error;     /* the last reading failed; what follows is then an older reading's */
    bool activated; /* see above; kept while the disk cannot be read */
    bool held_off;  /* it was reset while a condition held: activates only once it has been clear */
    enum judge_cause cause;
    unsigned used_percent;
    uint64_t votes;         /* the last readings that told, newest lowest: 1, a condition held */
    int64_t clear_since_ns; /* since when it could be released; -1: it could not */
};

/* Before the first reading: `error` set. `activated` and `held_off` are what was remembered. */
struct verdict judge_new(bool activated, bool held_off);

/*
 * floor(100 * used / (used + free)) in percent, 0 where both are 0. The blocks reserved for root
 * count for neither side, so it is 100 when a service that is not root finds the disk full (as df
 * computes it, but rounded down).
 */
unsigned judge_percent(uint64_t used_bytes, uint64_t free_bytes);

/* The verdict after one more reading, taken at `now_ns`. */
struct verdict judge(struct verdict before, const struct reading *reading,
                     const struct judge_rule *rule, int64_t now_ns);

/*
 * What an operator's reset makes of it: not activated. While a condition held at the last reading
 * that told, this is by force: it is held off then, or the next reading would undo it.
 */
struct verdict judge_reset(struct verdict before);

#endif
