/* Series of many shapes for the codec's tests, the same in each run; and its decoder, watched. */
#ifndef TESTS_UNIT_SHAPES_H
#define TESTS_UNIT_SHAPES_H

#include "base/snapshot.h"
#include "emitter/ring/codec.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define SHAPES_MOST 40

/* A number of up to `bits` bits, always the same in each run. */
static inline int64_t shapes_any(unsigned bits)
{
    static uint64_t seed = 1;

    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return bits == 0 ? 0 : (int64_t)(seed >> (64 - bits));
}

static inline int64_t shapes_held(int64_t value)
{
    return value < 0 ? 0 : value > SNAPSHOT_VALUE_MAX ? SNAPSHOT_VALUE_MAX : value;
}

/* What series of shape `shape` does after the value `value`. */
static inline int64_t shapes_follow(unsigned shape, int64_t value)
{
    switch (shape % 10) {
    case 0: /* a constant */
        return value;
    case 1: /* a counter in steps of 10 that jitters */
        return shapes_held(value + 990 + shapes_any(2) * 10);
    case 2: /* a gauge in pages */
        return shapes_held(shapes_any(2) ? value : value + (shapes_any(8) - 128) * 4096);
    case 3: /* noise of all sizes */
        return shapes_any((unsigned)shapes_any(6) % 54);
    case 4: /* the ends, at random */
        return shapes_any(1) ? SNAPSHOT_VALUE_MAX : 0;
    case 5: /* 0 and 1 */
        return shapes_any(1);
    case 6: /* still, and now and then far away */
        return shapes_any(4) ? value : shapes_any(53);
    case 7: /* down, slowly */
        return shapes_held(value - shapes_any(3));
    case 8: /* a unit that gets smaller and smaller */
        return shapes_held(value + (INT64_C(1) << shapes_any(5)));
    default: /* near the end */
        return SNAPSHOT_VALUE_MAX - shapes_any(4);
    }
}

/* Decodes from a copy that ends where the bytes do, so that a sanitizer sees a byte too many. */
static inline int shapes_decode(struct codec *codec, const uint8_t *bytes, size_t len,
                                int64_t *timestamp_s, int64_t *values)
{
    uint8_t *exact = malloc(len + !len);

    assert_non_null(exact);
    memcpy(exact, bytes, len);
    int result = codec_decode(codec, exact, len, timestamp_s, values);
    free(exact);
    return result;
}

#endif
