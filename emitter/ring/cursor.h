/*
 * A reader's place in the ring. Each reader has its own; one that falls behind the ring's oldest
 * snapshot goes on there and is told how many it lost; nobody waits for it.
 *
 * Reading on costs what the snapshot's size is; a jump costs one block (emitter/ring/block.h).
 *
 * Errors: false where memory is short; the cursor then stays where it is. Threads: the loop's
 * thread only. Lifetimes: a cursor may outlive what it has read, but not the ring.
 */
#ifndef EMITTER_CURSOR_H
#define EMITTER_CURSOR_H

#include "base/snapshot.h"
#include "emitter/ring/ring.h"

#include <stdbool.h>
#include <stdint.h>

struct place;

/* All zero but `next`: a new one. `next` may be set at any time. */
struct ring_cursor {
    uint64_t next;       /* the number that is read next */
    uint64_t lost;       /* how many numbers were skipped since they are gone, ever */
    struct place *place; /* where in its block that is, so far as the cursor has come there */
};

/*
 * Reads the next snapshot, whose number is `next` - 1 afterwards, and moves on. `out`'s buffers are
 * the caller's and are kept; its series are held by the ring until it overwrites the snapshot.
 * false: there is none yet, or memory is short.
 */
bool cursor_next(struct ring_cursor *cursor, const struct ring *ring, struct snapshot *out);

/* Reads snapshot `number` and stands behind it. false: it is not in the ring, or memory is short.
 */
bool cursor_read(struct ring_cursor *cursor, const struct ring *ring, uint64_t number,
                 struct snapshot *out);

/* Frees what the cursor keeps, not the struct. */
void cursor_clean(struct ring_cursor *cursor);

#endif
