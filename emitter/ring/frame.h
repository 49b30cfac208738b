/*
 * A frame: one snapshot of a block, encoded.
 *
 *   frame   := length of the payload, at least 1 (varint), CRC-32C (4 bytes, the lowest first),
 *              payload
 *   payload := change, values (emitter/ring/codec.h)
 *   change  := 0, or: 1, how many series stay at the front, how many at the back, how many come in
 *              between, length of their paths in bytes (all varints), paths (emitter/ring/paths.h)
 *
 * The CRC goes on from that of the frame before, of the first frame from the block's header, so
 * that what an earlier block left behind in the file is never taken for a frame of this one.
 *
 * Errors: -1 where memory is short or the bytes make no sense. Threads: any, but for the series
 * table the loop's thread only.
 */
#ifndef EMITTER_FRAME_H
#define EMITTER_FRAME_H

#include "base/bytes.h"
#include "base/snapshot.h"
#include "emitter/ring/codec.h"
#include "emitter/ring/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What has to be known to add the next frame to a block. All zero: nothing, as at its start. */
struct frame_writer {
    struct codec codec;
    uint32_t chain; /* the last CRC */
    bool broken;    /* nothing more can be added to this block */
    struct bytes payload;
};

/* A block begins, whose header has this CRC. */
void frame_start(struct frame_writer *writer, uint32_t chain);

/*
 * Adds the snapshot to `out`. `before` is the layout of the one before it, NULL for none, `after`
 * its own. After -1 the writer is broken, until the next block starts.
 */
int frame_add(struct bytes *out, struct frame_writer *writer, const struct series_table *table,
              const struct layout *before, const struct layout *after,
              const struct snapshot *snapshot);

void frame_writer_clean(struct frame_writer *writer);

/* A frame taken apart; what it points to is borrowed from the bytes it was taken from. */
struct frame {
    uint32_t crc;
    const uint8_t *payload;
    size_t payload_len;

    bool changed;
    size_t front, back, added;
    struct bytes_in paths;
    struct bytes_in values;
};

/* Takes the next frame. -1: there is none, it is torn, or it is not one. */
int frame_take(struct bytes_in *in, struct frame *frame);

/* Whether its CRC is right behind one whose CRC is `chain`. */
bool frame_sound(const struct frame *frame, uint32_t chain);

/* Writes the CRC of the frame with this payload anew, behind one whose CRC is `chain`; gives it. */
uint32_t frame_reseal(uint8_t *payload, size_t len, uint32_t chain);

/*
 * The layout of the frame's snapshot, where `before` is that of the one before it, NULL for none.
 * One hold is the caller's. NULL: memory is short, or it makes no sense.
 */
struct layout *frame_layout(const struct frame *frame, struct series_table *table,
                            struct layout *before);

/* Decodes the values, which are as many as `layout` has, and moves the codec on. */
int frame_read(const struct frame *frame, struct codec *codec, const struct layout *layout,
               struct snapshot *out);

#endif
