/*
 * How far the ring has come into its file: a writer's place, as a cursor is a reader's. Blocks are
 * written in order, each from its start on as it grows.
 *
 * Errors: none. Threads: the loop's thread only. Lifetimes: a piece is borrowed until the ring
 * changes.
 */
#ifndef EMITTER_MARK_H
#define EMITTER_MARK_H

#include "emitter/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: nothing is written. */
struct mark {
    uint64_t block; /* number of the first snapshot of the block that was written last */
    uint64_t at;    /* its place then */
    size_t written; /* of its bytes */
};

struct mark_piece {
    uint64_t at; /* in the data */
    const uint8_t *bytes;
    size_t len;
    bool closes; /* with it the block is written so far as it goes: a zero byte belongs behind it */
    uint64_t end;      /* with it all below this number is written */
    struct mark after; /* the mark, once the piece is written */
};

/* The next piece to be written, of at most `most` bytes. false: all is written that has a place. */
bool mark_next(const struct mark *mark, const struct ring *ring, size_t most,
               struct mark_piece *piece);

/* A mark that says that all is written that the ring has. */
struct mark mark_end(const struct ring *ring);

#endif
