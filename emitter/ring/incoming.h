/*
 * What comes in from the ring's file at the start: blocks, part by part, and the targets'
 * positions; kept until all is there, and then given to the ring.
 *
 * The ring may have begun without it, at the number INCOMING_LATE. Then what comes in gets the
 * numbers right before that, so that none is missing between them.
 *
 * Errors: what makes no sense, or finds no memory, is left out, and that is logged. Threads: the
 * loop's thread only.
 */
#ifndef EMITTER_INCOMING_H
#define EMITTER_INCOMING_H

#include "base/bytes.h"
#include "emitter/ring/positions.h"
#include "emitter/ring/ring.h"
#include "emitter/ring/scribe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INCOMING_LATE (UINT64_C(1) << 40)
#define INCOMING_MOST (UINT64_C(1) << 62) /* a number that makes sense is below */

struct incoming_block {
    struct bytes bytes;
    uint64_t at;
    uint64_t wanted; /* bytes in all */
};

/* All zero: nothing has come. */
struct incoming {
    struct incoming_block *list;
    size_t count;
    struct positions positions; /* all zero: none came */
    size_t refused;             /* blocks that were left out, wholly or in part */
};

/* Takes a message of kind SCRIBE_BLOCK or SCRIBE_POSITIONS, and ignores others. */
void incoming_hear(struct incoming *incoming, const struct scribe_message *message);

/* Gives the ring all blocks, and says what made no sense in `dir`. Where it is `late` the ring
 * began without them, and they have no place in the file any more. */
void incoming_adopt(struct incoming *incoming, struct ring *ring, bool late, const char *dir);

void incoming_clean(struct incoming *incoming);

#endif
