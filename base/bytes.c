#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

int bytes_reserve(struct bytes *bytes, size_t more)
{
    if (bytes->failed || more > SIZE_MAX / 2 - bytes->len)
        return -1;
    size_t needed = bytes->len + more;
    if (needed <= bytes->capacity)
        return 0;
    if (bytes->borrowed)
        return -1;

    size_t capacity = bytes->capacity > 64 ? bytes->capacity : 64;
    while (capacity < needed)
        capacity += capacity / 2;
    uint8_t *data = realloc(bytes->data, capacity);
    if (!data)
        return -1;
    bytes->data = data;
    bytes->capacity = capacity;
    return 0;
}

void bytes_add(struct bytes *bytes, const void *data, size_t len)
{
    if (bytes_reserve(bytes, len) < 0) {
        bytes->failed = true;
        return;
    }
    if (len > 0)
        memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

void bytes_add_varint(struct bytes *bytes, uint64_t number)
{
    uint8_t coded[BYTES_VARINT_MAX];
    size_t len = 0;

    while (number >= 0x80) {
        coded[len++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    coded[len++] = (uint8_t)number;
    bytes_add(bytes, coded, len);
}

void bytes_cut(struct bytes *bytes, size_t len)
{
    bytes->len = len;
    bytes->failed = false;
}

void bytes_trim(struct bytes *bytes)
{
    uint8_t *data = bytes->len > 0 ? realloc(bytes->data, bytes->len) : NULL;

    if (!data)
        return;
    bytes->data = data;
    bytes->capacity = bytes->len;
}

void bytes_clean(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

uint64_t bytes_take_varint(struct bytes_in *in)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;

        if (shift == 63 && byte > 1)
            break;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return number;
    }
    in->failed = true;
    in->at = in->end;
    return 0;
}

const uint8_t *bytes_take(struct bytes_in *in, size_t len)
{
    const uint8_t *at = in->at;

    if (len > (size_t)(in->end - in->at)) {
        in->failed = true;
        in->at = in->end;
        return NULL;
    }
    in->at += len;
    return at;
}

void bytes_put_u32(uint8_t *at, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

void bytes_put_u64(uint8_t *at, uint64_t number)
{
    bytes_put_u32(at, (uint32_t)number);
    bytes_put_u32(at + 4, (uint32_t)(number >> 32));
}

uint32_t bytes_get_u32(const uint8_t *at)
{
    uint32_t number = 0;

    for (unsigned i = 0; i < 4; i++)
        number |= (uint32_t)at[i] << 8 * i;
    return number;
}

uint64_t bytes_get_u64(const uint8_t *at)
{
    return bytes_get_u32(at) | (uint64_t)bytes_get_u32(at + 4) << 32;
}
