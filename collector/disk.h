/*
 * A disk: one mount that stands, how it is emitted and what was found of it. The same mount point
 * mounted anew is another disk with the same name.
 *
 * Errors: NULL where memory is short; a disk that cannot be read is data, and logged. Threads: the
 * loop's thread only.
 */
#ifndef COLLECTOR_DISK_H
#define COLLECTOR_DISK_H

#include "base/log.h"
#include "base/reading.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "collector/mounts.h"
#include "collector/pool.h"

#include <stdbool.h>
#include <stdint.h>

enum disk_point { DISK_ERROR, DISK_TOTAL, DISK_USED, DISK_FREE, DISK_POINTS };

/* Its place among the observed ones where it is none of them. */
#define DISK_UNOBSERVED SIZE_MAX

struct disk {
    struct probe probe; /* first, so that a probe is its disk */
    char *point;
    uint64_t device;
    size_t observed;
    bool emitted;                 /* in type system */
    uint32_t series[DISK_POINTS]; /* where it is emitted */
    unsigned awaited;             /* the scopes, as bits, whose look waits for it */
    unsigned settled;             /* and those whose look is done with it */
    int64_t read_ns;              /* monotonic; 0: that answer came later than at once */
    unsigned read_for;            /* the scopes of the looks that had that answer then */
    struct reading latest;        /* of either scope */
    struct reading shown;         /* of the last look of all; ABSENT: nothing is emitted */
    struct log_complaint complaint;
};

/* `name` is NULL for one that is not emitted. */
struct disk *disk_new(struct pool *pool, struct series_table *series, const struct mount *mount,
                      size_t observed, const char *name);

/* Other options: its place among the observed ones, its name. -1: memory is short, all is as
 * before. */
int disk_place(struct disk *disk, struct series_table *series, size_t observed, const char *name);
void disk_free(struct disk *disk, struct pool *pool, struct series_table *series);

/* Whether it is this very mount. */
bool disk_is(const struct disk *disk, const struct mount *mount);

/* Takes a result for the looks in `scopes`, which are settled then, and logs what changed. */
void disk_record(struct disk *disk, const struct statfs_result *result, unsigned scopes);

void disk_emit(const struct disk *disk, struct snapshot *snapshot);

#endif
