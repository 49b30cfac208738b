/*
 * What goes out to the ring's file: each block from its start on as it grows, one after the other,
 * and with each piece the targets' positions. How far that came is a writer's mark in the ring, as
 * a cursor is a reader's.
 *
 * Errors: -1 where memory is short. Threads: the loop's thread only.
 */
#ifndef EMITTER_OUTGOING_H
#define EMITTER_OUTGOING_H

#include "emitter/ring/positions.h"
#include "emitter/ring/ring.h"
#include "emitter/ring/scribe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: nothing is written. */
struct outgoing_mark {
    uint64_t block; /* number of the first snapshot of the block that was written last */
    uint64_t at;    /* its place then */
    size_t len;     /* of its bytes, so many are written */
    uint64_t end;   /* all below this number is written */
};

struct outgoing {
    struct outgoing_mark mark;
    struct outgoing_mark next; /* the mark, once what is under way is written */
    uint64_t turn;             /* of the positions written last */
};

/* Whether the ring has anything that is not written, though it has a place. */
bool outgoing_any(const struct outgoing *outgoing, const struct ring *ring);

/*
 * Makes `message` write the next piece, if there is one, and the positions; `positions` are filled
 * but for their numbers. `message->complete` says whether nothing is left then.
 */
int outgoing_next(struct outgoing *outgoing, const struct ring *ring, struct positions *positions,
                  struct scribe_message *message);

/* That is written. */
void outgoing_done(struct outgoing *outgoing);

/* All that the ring has is written; or nothing is. */
void outgoing_all(struct outgoing *outgoing, const struct ring *ring);
void outgoing_none(struct outgoing *outgoing);

#endif
