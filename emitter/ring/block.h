/*
 * A block: snapshots one after the other, encoded, in memory byte for byte as in the ring's file.
 *
 *   block  := header frame...       (emitter/ring/frame.h)
 *   header := "RBLK", CRC-32C of what follows (4), number of the first snapshot (8), number behind
 *             the snapshot before that one, or 0 where it is not known (8); the lowest byte first
 *
 * The first frame knows no series, so each block can be read by itself; a snapshot in it is read by
 * decoding all those before it.
 *
 * Errors: NULL or -1 where memory is short. Threads: the loop's thread only. Lifetimes: a block
 * holds the series of its snapshots; the series table outlives it.
 */
#ifndef EMITTER_BLOCK_H
#define EMITTER_BLOCK_H

#include "base/bytes.h"
#include "base/snapshot.h"
#include "emitter/ring/frame.h"
#include "emitter/ring/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_UNPLACED UINT64_MAX

/* From snapshot `index` of the block on it is this layout. */
struct block_run {
    uint32_t index;
    struct layout *layout;
};

struct block {
    uint64_t first; /* number of the first snapshot */
    uint32_t count; /* snapshots */
    struct bytes bytes;
    size_t first_len; /* of the bytes, with the first snapshot */
    struct block_run *runs;
    size_t run_count;
    uint64_t at; /* where in the file's data it lies, or BLOCK_UNPLACED: the ring's to say */
};

/* The number behind its last snapshot. */
uint64_t block_end(const struct block *block);

/* The writer then goes on with this block. */
struct block *block_new(struct frame_writer *writer, uint64_t first, uint64_t before);
void block_free(struct block *block, struct series_table *table);

/* Adds the snapshot at the end. After -1 the block is as before, and the writer broken. */
int block_add(struct block *block, struct frame_writer *writer, struct series_table *table,
              const struct snapshot *snapshot);

/* With so many bytes it is large enough. */
size_t block_bytes_most(const struct block *block);

/*
 * `more` snapshots follow that are like its newest one. There is room for them then, of the size
 * that is usual, so that no tick waits for memory; where memory is short, it grows with what comes.
 */
void block_expect(struct block *block, size_t more);

/*
 * A block from bytes with a header that were found somewhere, which it takes over also where it
 * fails. It has the snapshots up to the first that makes no sense, and then the writer is broken;
 * else it can go on behind them. NULL also where the first of all makes none.
 */
struct block *block_load(struct frame_writer *writer, struct bytes *bytes,
                         struct series_table *table);

/* Lets the numbers of a sound block's snapshots grow by `shift` (modulo 2^64). `gap`: what was
 * before it is lost, and that is known: from now on it is not missed any more. */
void block_renumber(struct bytes *bytes, uint64_t shift, bool gap);

/* What a block is, as far as its checksums tell. */
struct block_extent {
    uint64_t first;
    uint64_t before;
    uint32_t count; /* sound snapshots */
    size_t len;     /* bytes, of header and sound frames */
    bool torn;      /* what follows is no clean end (a zero byte, or the end of the bytes) */
};

/* -1: no block begins here. */
int block_measure(const uint8_t *bytes, size_t len, struct block_extent *extent);

/* A reader's place in a block. All zero: none. */
struct place {
    uint64_t block; /* number of its first snapshot; 0: none */
    uint32_t index; /* of the snapshot that is read next */
    size_t offset;  /* of its frame */
    size_t run;     /* that it belongs to, unless the next one begins with it */
    struct codec codec;
};

void place_clean(struct place *place);

/* Reads snapshot `index`, which is less than `count`. From another place than just before it, that
 * means to read the block from its start. */
int block_read(const struct block *block, struct place *place, uint32_t index,
               struct snapshot *out);

#endif
