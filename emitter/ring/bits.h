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
void bits_put(struct bits_out *out, uint64_t number, unsigned width);

/* Writes what is pending. Gives the end of the bytes. */
uint8_t *bits_finish(struct bits_out *out);

struct bits_in {
    const uint8_t *at; /* the next byte to read */
    const uint8_t *end;
    uint64_t pending; /* its highest `count` bits are read and not yet taken, the rest is zero */
    unsigned count;
    bool failed;
};

/* Takes zeros, up to `most` of them (at most BITS_MAX) or to the first one bit, which stays. */
unsigned bits_take_zeros(struct bits_in *in, unsigned most);

/* Takes `width` bits, 0..BITS_MAX. */
uint64_t bits_take(struct bits_in *in, unsigned width);

/* Whether nothing is left but the zeros that fill up the last byte, and nothing failed. */
bool bits_at_end(const struct bits_in *in);

#endif
