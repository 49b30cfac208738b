/* The codec's decoder and bytes that no encoder wrote: refused, or in range; never harm. */
#include "emitter/ring/bits.h"
#include "tests/unit/shapes.h"

#include <stdbool.h>

/* Not one bit more, not one less; and no value out of its range. */
static void what_is_no_snapshot_is_refused(void **state)
{
    static const struct {
        size_t len;
        uint8_t bytes[12];
    } rows[] = {
        {0, {0}},
        {1, {0x00}},
        {1, {0x50}}, /* one unit, and none is known */
        {1, {0x80}}, /* a value is missing; its bits would be the filling */
        {1, {0xe0}}, /* the filling is not zero */
        {2, {0xc0, 0x00}},
        {9, {0x80, 0x00, 0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, /* torn in a length of 55 */
        /* 2^53 + 1, -1, and as timestamp 2^40 + 1 */
        {10, {0x80, 0x00, 0xda, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04}},
        {4, {0x80, 0x01, 0x06, 0x00}},
        {8, {0x00, 0x01, 0x4c, 0x00, 0x00, 0x00, 0x00, 0x0c}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct codec codec = {0};
        int64_t timestamp_s = 0;
        int64_t value = 0;

        codec_change(&codec, 0, 0, 1);
        if (shapes_decode(&codec, rows[i].bytes, rows[i].len, &timestamp_s, &value) == 0)
            fail_msg("row %zu was taken", i);
        codec_clean(&codec);
    }
}

/* Codes that are longer than any number of the decoder's, after values that lead up to them. */
static void endless_codes_are_refused(void **state)
{
    struct bytes bytes = {0};
    struct codec codec = {0};
    int64_t timestamp_s = 0;
    int64_t value = 0;

    (void)state;
    for (unsigned plain = 0; plain <= 1; plain++) {
        uint8_t endless[64];
        struct bits_out out = {.at = endless};

        codec_reset(&codec);
        codec_change(&codec, 0, 0, 1);
        for (int64_t i = 0; i < 40; i++) { /* up and down all the way: codes of the highest order */
            value = i % 2 ? SNAPSHOT_VALUE_MAX : i % 4 / 2;
            bytes_cut(&bytes, 0);
            assert_int_equal(codec_encode(&codec, 1000, &value, &bytes), 0);
        }
        bits_put(&out, 7, CODEC_PLAIN + 1 + 6); /* the timestamp, 100 s on */
        bits_put(&out, 100, 7);
        if (plain)
            bits_put(&out, 63, CODEC_PLAIN + 1 + 6);
        else
            bits_put(&out, 1, CODEC_PLAIN);
        for (unsigned i = 0; i < 7; i++)
            bits_put(&out, 0xffffffff, 32);
        size_t len = (size_t)(bits_finish(&out) - endless);
        assert_int_equal(shapes_decode(&codec, endless, len, &timestamp_s, &value), -1);
    }
    bytes_clean(&bytes);
    codec_clean(&codec);
}

struct spoilt_round {
    struct codec encoder;
    struct codec decoder;
    size_t taken;
};

/* The next snapshot, spoilt before it is decoded, or sound. */
static void decode_spoilt(struct spoilt_round *round, const int64_t *values, bool sound)
{
    int64_t read[SHAPES_MOST];
    int64_t timestamp_s = 0;
    struct bytes bytes = {0};

    assert_int_equal(codec_encode(&round->encoder, 1594380720, values, &bytes), 0);
    size_t len = bytes.len;
    for (int64_t i = sound ? 0 : 1 + shapes_any(2); i > 0; i--) {
        if (shapes_any(2) == 0)
            len = (size_t)shapes_any(16) % (bytes.len + 1);
        else if (shapes_any(1))
            bytes.data[(size_t)shapes_any(16) % bytes.len] ^= (uint8_t)(1 << shapes_any(3));
        else
            bytes.data[(size_t)shapes_any(16) % bytes.len] = (uint8_t)shapes_any(8);
    }
    if (shapes_decode(&round->decoder, bytes.data, len, &timestamp_s, read) == 0) {
        round->taken++;
        assert_in_range(timestamp_s, 0, CODEC_TIMESTAMP_MAX_S);
        for (size_t i = 0; i < round->decoder.count; i++)
            assert_in_range(read[i], 0, SNAPSHOT_VALUE_MAX);
    }
    bytes_clean(&bytes);
}

/* The decoder goes on with what it has after a failure too, so that its state gets odd. */
static void spoilt_bytes_do_no_harm(void **state)
{
    struct spoilt_round round = {0};
    int64_t values[SHAPES_MOST];

    (void)state;
    for (unsigned n = 0; n < 2000; n++) {
        size_t count = 1 + (size_t)shapes_any(16) % 12;

        codec_reset(&round.encoder);
        codec_reset(&round.decoder);
        codec_change(&round.encoder, 0, 0, count);
        codec_change(&round.decoder, 0, 0, count);
        for (size_t i = 0; i < count; i++)
            values[i] = shapes_any((unsigned)shapes_any(6) % 54);
        int64_t sound = shapes_any(4);
        for (int64_t i = 0; i < sound + 8; i++) {
            decode_spoilt(&round, values, i < sound);
            for (size_t j = 0; j < count; j++)
                values[j] = shapes_follow((unsigned)shapes_any(8), values[j]);
        }
    }
    assert_true(round.taken > 2000); /* so it is not refused for one reason only */
    codec_clean(&round.encoder);
    codec_clean(&round.decoder);
}

static void noise_does_no_harm(void **state)
{
    struct codec codec = {0};
    uint8_t bytes[64];
    int64_t values[SHAPES_MOST];
    int64_t timestamp_s = 0;

    (void)state;
    for (unsigned n = 0; n < 50000; n++) {
        size_t len = (size_t)shapes_any(6);

        if (shapes_any(4) == 0) {
            codec_reset(&codec);
            codec_change(&codec, 0, 0, 1 + (size_t)shapes_any(3));
        }
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(shapes_any(3) ? shapes_any(8) >> shapes_any(3)
                                               : 0); /* zeros make long codes */
        if (shapes_decode(&codec, bytes, len, &timestamp_s, values) == 0)
            for (size_t i = 0; i < codec.count; i++)
                assert_in_range(values[i], 0, SNAPSHOT_VALUE_MAX);
    }
    codec_clean(&codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_snapshot_is_refused),
        cmocka_unit_test(endless_codes_are_refused),
        cmocka_unit_test(spoilt_bytes_do_no_harm),
        cmocka_unit_test(noise_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
