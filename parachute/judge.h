/*
 * The judgement of one disk, pure: what it says depends on its arguments only (SPEC 5).
 *
 * Errors: none. Threads: any.
 */
#ifndef PARACHUTE_JUDGE_H
#define PARACHUTE_JUDGE_H

#include "base/reading.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known of one observed disk after a cycle. Before the first: `error` set, the rest zero.
 */
struct verdict {
    bool seen;      /* it was mounted at least once */
    bool error;     /* the last reading failed; `activated` is then an older reading's */
    bool activated; /* used_percent reached the threshold at the last reading that succeeded */
    unsigned used_percent;
};

/*
 * floor(100 * used / (used + free)) in percent, 0 where both are 0. The blocks reserved for root
 * count for neither side, so it is 100 when a service that is not root finds the disk full (as df
 * computes it, but rounded down).
 */
unsigned judge_percent(uint64_t used_bytes, uint64_t free_bytes);

/* The verdict after one more reading. Only a reading that succeeded can activate or release. */
struct verdict judge(struct verdict before, const struct reading *reading,
                     unsigned threshold_percent);

#endif
