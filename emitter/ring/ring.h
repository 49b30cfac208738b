/*
 * The ring: the newest snapshots. Snapshots are numbered from 1 in the order in which they were
 * taken; a number is never used twice. They lie encoded in blocks (emitter/ring/block.h), each with
 * the snapshots of a few minutes. When the ring is full, by snapshots or by bytes, the oldest go.
 *
 *      first                                end
 *        v                                   v
 *   [ 41 | 42 | 43 ][ 44 ... ][ ... | 400 ]   (401 is next)
 *          ^                              ^
 *          a reader's cursor              a writer's mark
 *
 * Readers have cursors (emitter/ring/cursor.h). Where the ring is kept in a file
 * (emitter/ring/store.h), each block also has its place there: one behind the other, at the end
 * from the start again, and what stands in the way goes first. The ring decides that, the file
 * follows.
 *
 * The ring holds the series of what is in it, so what is read can be turned into text at any time.
 *
 * Errors: -1 where memory is short; what was in the ring stays. Threads: the loop's thread only.
 */
#ifndef EMITTER_RING_H
#define EMITTER_RING_H

#include "base/bytes.h"
#include "base/series.h"
#include "base/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block;
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

/* It can hold so many from now on, at least 1; what is too much goes. The file's size stays. */
void ring_resize(struct ring *ring, size_t capacity);

/* The block that `number` is in, else the next one after it; NULL: there is none. Borrowed until
 * the ring changes. */
const struct block *ring_block(const struct ring *ring, uint64_t number);

/* The next snapshot gets this number, which is none of those there are. */
void ring_begin(struct ring *ring, uint64_t number);

/*
 * Takes in a block that was found in the file, before all that was appended, and after those that
 * were taken in before. `bytes` are taken over. `at` is its place, or BLOCK_UNPLACED. NULL: it
 * makes no sense there, or memory is short. Else the block, borrowed until the ring changes.
 */
const struct block *ring_adopt(struct ring *ring, struct bytes *bytes, uint64_t at);

/*
 * All that the file had is in, and from now on the blocks have `data_bytes` of it: those without a
 * place get one, and what is too much goes.
 */
void ring_settle(struct ring *ring, uint64_t data_bytes);

#endif
