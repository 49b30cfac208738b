/*
 * The codec: what a snapshot says that the ones before it did not. Encoder and decoder go through
 * the snapshots of a block side by side and learn the same of each series, so that only what was
 * not foreseen takes room: a series that goes on as it did takes one bit.
 *
 * Of each series, the timestamp being one more in front of them, is known:
 *
 *   last    its newest value, 0 at first
 *   unit    the greatest common divisor of all its changes, 0 while there was none. So times in
 *           multiples of 10 ms and sizes in pages cost nothing extra.
 *   drift   the running mean of its changes, in units: what a counter will do next
 *   still, moving   the running means of how many bits two guesses were off by: that the value
 *           stays, and that it drifts. `moving` is the next guess where its mean is the smaller.
 *
 * A change that is a whole number of units is off from its guess by so many units. That is made
 * positive (0 -1 1 -2 2 become 0 1 2 3 4: the bits are counted of these too) and written as an
 * exponential Golomb code: the number plus 2^k, in binary, behind as many zeros as this has bits
 * beyond k + 1. The order k is the guess's mean of bits less one half, rounded down:
 *
 *   k = 0:  1   010   011   00100   00101 ...      k = 2:  100   101   110   111   01000 ...
 *
 * Any other change, and one that would begin with CODEC_PLAIN zeros or more, is written plainly:
 * CODEC_PLAIN zeros, 1 bit for down, 6 bits for the number's length, the number. Then the unit is
 * found anew, and a new one but for the first makes this change the drift, before the means follow.
 *
 * Means are kept in 16ths, and go a quarter of the way to what is new, rounded towards zero; the
 * drift is rounded to the nearest for use. Bits are in emitter/ring/bits.h's order; a snapshot
 * begins with a new byte. On a real node at 1 s, in blocks of up to 512 snapshots, a DataPoint
 * takes less than a byte even where it is busy, half of one where it is idle.
 *
 * Errors: -1, see each. Threads: any, nothing is shared. Lifetimes: a codec owns its memory.
 */
#ifndef EMITTER_CODEC_H
#define EMITTER_CODEC_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

#define CODEC_TIMESTAMP_MAX_S (INT64_C(1) << 40)
#define CODEC_PLAIN 14

struct codec_model {
    int64_t last;
    int64_t unit;
    int64_t drift; /* in 16ths of a unit */
    int32_t still; /* in 16ths of a bit */
    int32_t moving;
};

/* All zero: no series known, as after codec_reset. */
struct codec {
    struct codec_model timestamp;
    struct codec_model *models;
    size_t count; /* of series */
    size_t capacity;
};

/* Forgets all, for the start of a block; the memory is kept. */
void codec_reset(struct codec *codec);

/* Frees the memory, not the struct. */
void codec_clean(struct codec *codec);

/*
 * The series are others from now on: those at the `front` and those at the `back` stay, between
 * them come `added` unknown ones instead of what was there. -1: there are not as many, or memory is
 * short; nothing is changed.
 */
int codec_change(struct codec *codec, size_t front, size_t back, size_t added);

/*
 * Adds a snapshot of codec->count values to `out`. -1: a value is not in 0..SNAPSHOT_VALUE_MAX, the
 * timestamp not in 0..CODEC_TIMESTAMP_MAX_S, or memory is short; nothing is changed.
 */
int codec_encode(struct codec *codec, int64_t timestamp_s, const int64_t *values,
                 struct bytes *out);

/*
 * Takes one snapshot from exactly `len` bytes, into room for codec->count values. -1: the bytes are
 * no snapshot, or its timestamp or a value is out of the range above; what was written and what the
 * codec knows is then worth nothing.
 */
int codec_decode(struct codec *codec, const uint8_t *bytes, size_t len, int64_t *timestamp_s,
                 int64_t *values);

/* The snapshot that was encoded or decoded last; an added series has the value 0 until then. */
void codec_newest(const struct codec *codec, int64_t *timestamp_s, int64_t *values);

#endif
