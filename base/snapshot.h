/*
 * A snapshot: all DataPoints of one tick, in the order in which they are emitted. They share one
 * timestamp. It is a buffer that is filled anew each tick; it grows once and then allocates no
 * more. It borrows its series: whoever fills it holds them.
 *
 * Errors: a snapshot that could not grow is `failed` until it is cleared; what is added to it is
 * dropped. Threads: the loop's thread only.
 */
#ifndef BASE_SNAPSHOT_H
#define BASE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every value is 0..SNAPSHOT_VALUE_MAX, so that a double holds it exactly (SPEC 2). */
#define SNAPSHOT_VALUE_MAX (INT64_C(1) << 53)

struct snapshot {
    int64_t timestamp_s; /* seconds since the Unix epoch */
    size_t count;
    uint32_t *series; /* `count` series numbers */
    int64_t *values;  /* and their values */
    size_t capacity;
    bool failed;
};

/* Empties it for the tick of `timestamp_s`. An all-zero struct is an empty snapshot. */
void snapshot_clear(struct snapshot *snapshot, int64_t timestamp_s);

/* Adds a DataPoint; a value above SNAPSHOT_VALUE_MAX is held there. */
void snapshot_add(struct snapshot *snapshot, uint32_t series, uint64_t value);

/* Room for `count` DataPoints; -1 where memory is short. */
int snapshot_reserve(struct snapshot *snapshot, size_t count);

/* Frees the buffers, not the struct. */
void snapshot_clean(struct snapshot *snapshot);

#endif
