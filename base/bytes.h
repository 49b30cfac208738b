/*
 * Bytes that grow: a buffer that is written at its end; and the variable-length numbers in it,
 * seven bits a byte, the lowest first, the highest bit set where more follow.
 *
 * Errors: a buffer that could not grow is `failed` until it is cut or cleaned; what is added to it
 * is dropped, so that only the end has to be looked at. Threads: any, nothing is shared.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: empty. */
struct bytes {
    uint8_t *data;
    size_t len;
    size_t capacity;
    bool borrowed; /* the memory is somebody else's, and does not grow */
    bool failed;
};

/* Room for `more` bytes behind the end. -1: memory is short. */
int bytes_reserve(struct bytes *bytes, size_t more);

void bytes_add(struct bytes *bytes, const void *data, size_t len);

#define BYTES_VARINT_MAX 10
void bytes_add_varint(struct bytes *bytes, uint64_t number);

/* Whole numbers in 4 and 8 bytes, the lowest first. */
void bytes_put_u32(uint8_t *at, uint32_t number);
void bytes_put_u64(uint8_t *at, uint64_t number);
uint32_t bytes_get_u32(const uint8_t *at);
uint64_t bytes_get_u64(const uint8_t *at);

/* Cuts it to its first `len` bytes; the memory is kept. */
void bytes_cut(struct bytes *bytes, size_t len);

/* Gives back the memory that is not used. */
void bytes_trim(struct bytes *bytes);

/* Frees the memory, not the struct. */
void bytes_clean(struct bytes *bytes);

/*
 * A place in bytes that are read, and where they end. What would go past the end, or is no varint,
 * makes it `failed` and gives 0.
 */
struct bytes_in {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

uint64_t bytes_take_varint(struct bytes_in *in);

/* The next `len` bytes, borrowed from what is read. NULL where there are not as many. */
const uint8_t *bytes_take(struct bytes_in *in, size_t len);

#endif
