/*
 * A stream of bits in bytes, the highest bit of a byte first. The last byte is filled up with
 * zeros.
 *
 * Errors: reading past the end makes the reader `failed`, and what is missing is zeros; writing has
 * none, since the room is the caller's to make beforehand. Threads: any, nothing is shared.
 */
#ifndef EMITTER_BITS_H
#define EMITTER_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bits that one call puts or takes. */
#define BITS_MAX 57

/* How many bits `number` has without leading zeros; 0 for 0. */
static inline unsigned bits_length(uint64_t number)
{
    return number ? 64 - (unsigned)__builtin_clzll(number) : 0;
}

struct bits_out {
    uint8_t *at;      /* where the next byte goes */
    uint64_t pending; /* its lowest `count` bits are still to be written */
    unsigned count;
};

/* Adds the lowest `width` bits of `number`; `width` is 0..BITS_MAX, the bits above it are zero. */
static inline void bits_put(struct bits_out *out, uint64_t number, unsigned width)
{
    out->pending = out->pending << width | number;
    out->count += width;
    while (out->count >= 8) {
        out->count -= 8;
        *out->at++ = (uint8_t)(out->pending >> out->count);
    }
}

/* Writes what is pending. Gives the end of the bytes. */
static inline uint8_t *bits_finish(struct bits_out *out)
{
    if (out->count > 0)
        bits_put(out, 0, 8 - out->count);
    return out->at;
}

struct bits_in {
    const uint8_t *at; /* the next byte to read */
    const uint8_t *end;
    uint64_t pending; /* its highest `count` bits are read and not yet taken, the rest is zero */
    unsigned count;
    bool failed;
};

/* At least BITS_MAX bits, where there are as many. */
static inline void bits_refill(struct bits_in *in)
{
    while (in->count <= 56 && in->at < in->end) {
        in->pending |= (uint64_t)*in->at++ << (56 - in->count);
        in->count += 8;
    }
}

/* Where `width` is more than there is, all is taken. */
static inline void bits_drop(struct bits_in *in, unsigned width)
{
    if (width > in->count) {
        in->failed = true;
        width = in->count;
    }
    in->pending = width < 64 ? in->pending << width : 0;
    in->count -= width;
}

/* Takes zeros, up to `most` of them (at most BITS_MAX) or to the first one bit, which stays. */
static inline unsigned bits_take_zeros(struct bits_in *in, unsigned most)
{
    if (in->count < most)
        bits_refill(in);

    unsigned zeros = 64 - bits_length(in->pending);
    if (zeros > most)
        zeros = most;
    bits_drop(in, zeros);
    return zeros;
}

/* Takes `width` bits, 0..BITS_MAX. */
static inline uint64_t bits_take(struct bits_in *in, unsigned width)
{
    if (width == 0)
        return 0;
    if (in->count < width)
        bits_refill(in);

    uint64_t number = in->pending >> (64 - width);
    bits_drop(in, width);
    return number;
}

/* Whether nothing is left but the zeros that fill up the last byte, and nothing failed. */
static inline bool bits_at_end(const struct bits_in *in)
{
    return !in->failed && in->at == in->end && in->count < 8 && in->pending == 0;
}

#endif
