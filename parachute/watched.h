/*
 * A watched disk: its last reading, the verdict on it, and how both are emitted and told.
 *
 * Errors: -1 where memory is short. Threads: the loop's thread only.
 */
#ifndef PARACHUTE_WATCHED_H
#define PARACHUTE_WATCHED_H

#include "base/log.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "parachute/parachute.h"

#include <stdbool.h>
#include <stdint.h>

struct watched {
    const struct parachute_disk *options; /* borrowed */
    struct reading reading;
    struct verdict verdict;
    int64_t since_s; /* wall clock: when it became activated, or not; 0: not known */
    struct log_complaint blind;
    struct log_complaint held_off;
    uint32_t error, total, used, used_percent, used_threshold, free, activated; /* series */
};

/* To be cleaned in any case. */
int watched_init(struct watched *disk, const struct parachute_disk *options,
                 struct series_table *series);
void watched_clean(struct watched *disk, struct series_table *series);

/* A default disk that was never mounted is nobody's concern. */
bool watched_counts(const struct watched *disk);

/* Takes a verdict, and logs what changed by it. */
void watched_take(struct watched *disk, const struct verdict *verdict);

/* The last reading's, in SPEC 6's order. */
void watched_emit(const struct watched *disk, struct snapshot *snapshot);

/* Which condition holds, in words: "86% used, threshold 80%". */
#define WATCHED_CAUSE_MAX 96
void watched_cause(const struct watched *disk, char text[WATCHED_CAUSE_MAX]);

#endif
