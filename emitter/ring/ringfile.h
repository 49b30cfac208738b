/*
 * The format of the ring's file, on bytes in memory.
 *
 *   0      header       twice, so that one damaged byte does not cost the whole
 *   4096   slot         of the targets' positions (emitter/ring/positions.h), twice
 *   20480  data         blocks (emitter/ring/block.h), each at a multiple of 64 bytes and with a
 * zero byte behind it; a circle, see emitter/ring/blocks.h
 *
 *   header := "ALTIRING", version (4), encoding of the values (4), bytes of data (8), CRC-32C of
 *             all that (4); the lowest byte first
 *
 * Errors: see below; nothing is logged. Threads: any, nothing is shared.
 */
#ifndef EMITTER_RINGFILE_H
#define EMITTER_RINGFILE_H

#include "emitter/ring/block.h"
#include "emitter/ring/positions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RINGFILE_VERSION = 1,
    RINGFILE_ENCODING = 1,
    RINGFILE_HEADERS_BYTES = 4096,
    RINGFILE_SLOT_AT = 4096, /* and the second one behind it */
    RINGFILE_DATA_AT = RINGFILE_SLOT_AT + 2 * POSITIONS_BYTES
};

void ringfile_header(uint64_t data_bytes, uint8_t header[RINGFILE_HEADERS_BYTES]);

/* A block that was found. */
struct ringfile_block {
    const uint8_t *bytes; /* borrowed from what was scanned */
    uint64_t at;          /* in the data */
    struct block_extent extent;
};

/* What was found. All zero: nothing yet. */
struct ringfile {
    uint64_t data_bytes;           /* of the file scanned last */
    struct ringfile_block *blocks; /* sound ones */
    size_t count;
    struct positions positions; /* the newest; all zero: none were found */

    /* After ringfile_finish: */
    uint64_t missing; /* snapshots that were written and are gone, so far as it can be told */
    bool torn;        /* the newest are missing or torn: the end came while they were written */
    bool damaged;     /* anything else is missing or wrong */
};

/*
 * Adds what is in a file of `len` bytes. -1: nothing, since it is no ring's file, or of another
 * version, or memory is short, and `*why` says so.
 */
int ringfile_scan(struct ringfile *file, const uint8_t *bytes, size_t len, const char **why);

/* All is scanned: puts the blocks in the order of their numbers, drops what is there twice, and
 * finds out what is missing. */
void ringfile_finish(struct ringfile *file);

void ringfile_clean(struct ringfile *file);

#endif
