/*
 * The ring: the newest snapshots, up to a fixed number of them. Snapshots are numbered from 1 in
 * the order in which they were taken; a number is never used twice. When the ring is full the
 * newest takes the place of the oldest.
 *
 *      first                                end
 *        v                                   v
 *   [ 41 | 42 | 43 | ... | 399 | 400 ]   (401 is next)
 *          ^
 *          a reader's cursor
 *
 * Every reader has its own cursor. One that falls behind `first` goes on at `first` and is told how
 * many snapshots it lost; nobody waits for it.
 *
 * The ring holds the series of what is in it, so what is read can be turned into text at any time.
 *
 * Errors: -1 where memory is short; what was in the ring stays. Threads: the loop's thread only.
 */
#ifndef EMITTER_RING_H
#define EMITTER_RING_H

#include "base/series.h"
#include "base/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* Holds `capacity` snapshots, at least 1. `series` is borrowed for the ring's life. */
struct ring *ring_new(size_t capacity, struct series_table *series);
void ring_free(struct ring *ring);

/* Copies the snapshot in as the newest. Its series are held until it is overwritten. */
int ring_append(struct ring *ring, const struct snapshot *snapshot);

/* The number of the oldest snapshot, and one past the newest. Equal while the ring is empty. */
uint64_t ring_first(const struct ring *ring);
uint64_t ring_end(const struct ring *ring);

/* Reads one snapshot into `out`, whose buffers are the caller's and are kept. -1: not in the ring.
 */
int ring_read(const struct ring *ring, uint64_t number, struct snapshot *out);

struct ring_cursor {
    uint64_t next; /* the number that is read next */
    uint64_t lost; /* how many were overwritten before they were read, ever */
};

/* Reads the next snapshot and moves on. false: there is none yet, or memory is short. */
bool ring_next(const struct ring *ring, struct ring_cursor *cursor, struct snapshot *out);

/* How many bytes of memory the ring takes, and how many snapshots it can hold. */
size_t ring_bytes(const struct ring *ring);
size_t ring_capacity(const struct ring *ring);

#endif
