/*
 * A watched disk: its last reading, the verdict on it, and how both are emitted and told.
 *
 * Errors: -1 where memory is short. Threads: the loop's thread only. Lifetimes: the options are
 * copied, mount point and name too.
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
    struct parachute_disk options;
    char *name; /* what the options point to */
    char *mount;
    struct reading reading;
    struct verdict verdict;
    bool again;      /* the next reading that counts takes the place of the last one */
    int64_t since_s; /* wall clock: when it became activated, or not; 0: not known */
    struct log_complaint blind;
    struct log_complaint held_off;
    uint32_t error, total, used, used_percent, used_threshold, free, activated; /* series */
};

/* To be cleaned in any case. */
int watched_init(struct watched *disk, const struct parachute_disk *options,
                 struct series_table *series);
void watched_clean(struct watched *disk, struct series_table *series);

/* It is that disk under the options before: takes over what is known of it. Where other readings
 * count than before, their count begins anew. The cycle that follows is an extra one: its reading
 * takes the place of the last one's, so that reloads, however many, activate nothing. */
void watched_carry(struct watched *disk, const struct watched *before);

/* A default disk that was never mounted is nobody's concern. */
bool watched_counts(const struct watched *disk);

/* The verdict that a reading leads to. */
struct verdict watched_judge(struct watched *disk, const struct reading *reading, int64_t now_ns);

/* Takes a verdict, and logs what changed by it. */
void watched_take(struct watched *disk, const struct verdict *verdict);

/* The last reading's, in SPEC 6's order. */
void watched_emit(const struct watched *disk, struct snapshot *snapshot);

/* Which condition holds, in words: "86% used, threshold 80%". */
#define WATCHED_CAUSE_MAX 96
void watched_cause(const struct watched *disk, char text[WATCHED_CAUSE_MAX]);

#endif
