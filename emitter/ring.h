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
 * Every reader has its own cursor (emitter/cursor.h).
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

struct ring_options {
    size_t capacity; /* snapshots, at least 1 */
    /* Called before from..end-1 are overwritten, while they can still be read. NULL: nobody asks.
     */
    void (*evict)(void *arg, uint64_t from, uint64_t end);
    void *arg;
};

/* `series` is borrowed for the ring's life. */
struct ring *ring_new(const struct ring_options *options, struct series_table *series);
void ring_free(struct ring *ring);

/* Copies the snapshot in as the newest. Its series are held until it is overwritten. */
int ring_append(struct ring *ring, const struct snapshot *snapshot);

/* The number of the oldest snapshot, and one past the newest. Equal while the ring is empty. */
uint64_t ring_first(const struct ring *ring);
uint64_t ring_end(const struct ring *ring);

/* How many snapshots there are, which is fewer than the numbers where some were damaged; and the
 * number of the oldest of the `quantity` newest ones, or of all. */
size_t ring_count(const struct ring *ring);
uint64_t ring_back(const struct ring *ring, size_t quantity);

/* Reads the newest snapshot. -1: there is none, or memory is short. */
int ring_newest(const struct ring *ring, struct snapshot *out);

/* How many bytes of memory the ring takes, and how many snapshots it can hold. */
size_t ring_bytes(const struct ring *ring);
size_t ring_capacity(const struct ring *ring);

#endif
