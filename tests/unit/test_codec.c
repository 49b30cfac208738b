/* The codec: what goes in comes out, in few bytes and always the same ones. */
#include "tests/unit/shapes.h"

/* Encodes and decodes a snapshot, and looks at all that can be seen of it. */
static void round_trip(struct codec *encoder, struct codec *decoder, int64_t timestamp_s,
                       const int64_t *values)
{
    int64_t read_s = -1;
    int64_t read[SHAPES_MOST];
    struct bytes bytes = {0};

    assert_int_equal(codec_encode(encoder, timestamp_s, values, &bytes), 0);
    assert_int_equal(shapes_decode(decoder, bytes.data, bytes.len, &read_s, read), 0);
    assert_true(read_s == timestamp_s);
    assert_memory_equal(read, values, encoder->count * sizeof *values);
    memset(read, 0xff, sizeof read);
    codec_newest(encoder, &read_s, read);
    assert_true(read_s == timestamp_s);
    assert_memory_equal(read, values, encoder->count * sizeof *values);
    bytes_clean(&bytes);
}

static void all_shapes_come_back(void **state)
{
    struct codec encoder = {0};
    struct codec decoder = {0};
    int64_t values[SHAPES_MOST];
    int64_t timestamp_s = 1594380720;

    (void)state;
    for (unsigned block = 0; block < 20; block++) {
        codec_reset(&encoder);
        codec_reset(&decoder);
        codec_change(&encoder, 0, 0, SHAPES_MOST);
        codec_change(&decoder, 0, 0, SHAPES_MOST);
        for (unsigned i = 0; i < SHAPES_MOST; i++)
            values[i] = shapes_any((unsigned)shapes_any(6) % 54);
        for (unsigned n = 0; n < 300; n++) {
            timestamp_s = shapes_any(5) ? timestamp_s + 10 : shapes_any(40);
            round_trip(&encoder, &decoder, timestamp_s, values);
            for (unsigned i = 0; i < SHAPES_MOST; i++)
                values[i] = shapes_follow(i, values[i]);
        }
    }
    round_trip(&encoder, &decoder, CODEC_TIMESTAMP_MAX_S, values);
    round_trip(&encoder, &decoder, 0, values);
    codec_clean(&encoder);
    codec_clean(&decoder);
}

/* Disks come and go: what stays is foreseen as before, so it takes a bit a value. */
static void series_come_and_go(void **state)
{
    struct codec encoder = {0};
    struct codec decoder = {0};
    int64_t values[SHAPES_MOST] = {0};
    size_t count = 0;

    (void)state;
    for (unsigned n = 0; n < 5000; n++) {
        size_t front = (size_t)shapes_any(16) % (count + 1);
        size_t back = (size_t)shapes_any(16) % (count - front + 1);
        size_t added = (size_t)shapes_any(16) % (SHAPES_MOST - front - back + 1);

        if (shapes_any(3) == 0) {
            assert_int_equal(codec_change(&encoder, front, back, added), 0);
            assert_int_equal(codec_change(&decoder, front, back, added), 0);
            memmove(values + front + added, values + count - back, back * sizeof *values);
            count = front + added + back;
            assert_int_equal(encoder.count, count);
            for (size_t i = front; i < front + added; i++)
                values[i] = shapes_any((unsigned)shapes_any(6) % 54);
        }
        round_trip(&encoder, &decoder, 1594380720 + n, values);
        for (size_t i = 0; i < count; i++)
            values[i] = shapes_follow((unsigned)shapes_any(8), values[i]);
    }
    codec_clean(&encoder);
    codec_clean(&decoder);
}

static void what_stays_is_still_foreseen(void **state)
{
    struct codec codec = {0};
    struct bytes bytes = {0};
    int64_t values[10];

    (void)state;
    for (size_t i = 0; i < 10; i++)
        values[i] = 123456789 + (int64_t)i;
    codec_change(&codec, 0, 0, 8);
    for (unsigned n = 0; n < 20; n++)
        assert_int_equal(codec_encode(&codec, 1594380720 + n, values, &bytes), 0);
    assert_int_equal(codec_change(&codec, 4, 4, 2), 0);
    memmove(values + 6, values + 4, 4 * sizeof *values);
    values[4] = 0;
    values[5] = 0;
    bytes_cut(&bytes, 0);
    assert_int_equal(codec_encode(&codec, 1594380740, values, &bytes), 0);
    assert_int_equal(bytes.len, 2); /* eleven bits */
    bytes_clean(&bytes);
    codec_clean(&codec);
}

static void after_a_reset_nothing_is_known(void **state)
{
    const int64_t values[2] = {4096, 70};
    struct codec codec = {0};
    struct bytes first = {0};
    struct bytes again = {0};

    (void)state;
    codec_change(&codec, 0, 0, 2);
    assert_int_equal(codec_encode(&codec, 1594380720, values, &first), 0);
    codec_reset(&codec);
    assert_int_equal(codec.count, 0);
    codec_change(&codec, 0, 0, 2);
    assert_int_equal(codec_encode(&codec, 1594380720, values, &again), 0);
    assert_int_equal(again.len, first.len);
    assert_memory_equal(again.data, first.data, first.len);
    bytes_clean(&first);
    bytes_clean(&again);
    codec_clean(&codec);
}

static void a_change_must_fit(void **state)
{
    struct codec codec = {0};
    int64_t values[3] = {7, 8, 9};
    int64_t timestamp_s = 0;
    struct bytes bytes = {0};

    (void)state;
    assert_int_equal(codec_change(&codec, 1, 0, 0), -1);
    assert_int_equal(codec_change(&codec, 0, 0, 3), 0);
    assert_int_equal(codec_encode(&codec, 5, values, &bytes), 0);
    assert_int_equal(codec_change(&codec, 4, 0, 0), -1);
    assert_int_equal(codec_change(&codec, 2, 2, 0), -1);
    assert_int_equal(codec_change(&codec, SIZE_MAX, 2, 0), -1);
    assert_int_equal(codec_change(&codec, 1, SIZE_MAX, 0), -1);
    assert_int_equal(codec_change(&codec, 1, 1, SIZE_MAX), -1);
    codec_newest(&codec, &timestamp_s, values);
    assert_int_equal(codec.count, 3);
    assert_memory_equal(values, ((int64_t[]){7, 8, 9}), sizeof values);
    bytes_clean(&bytes);
    codec_clean(&codec);
}

/* What cannot be encoded is refused, and the next snapshot is as if it had not been tried. */
static void a_refusal_leaves_no_trace(void **state)
{
    const struct {
        int64_t timestamp_s;
        int64_t value;
        bool failed;
    } rows[] = {
        {-1, 1, false}, {CODEC_TIMESTAMP_MAX_S + 1, 1, false},
        {5, -1, false}, {5, SNAPSHOT_VALUE_MAX + 1, false},
        {5, 1, true},
    };
    struct codec encoder = {0};
    struct codec decoder = {0};

    (void)state;
    codec_change(&encoder, 0, 0, 2);
    codec_change(&decoder, 0, 0, 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes bytes = {.failed = rows[i].failed};
        int64_t values[2] = {12345, rows[i].value};

        assert_int_equal(codec_encode(&encoder, rows[i].timestamp_s, values, &bytes), -1);
        assert_int_equal(bytes.len, 0);
        bytes_clean(&bytes);
        values[1] = (int64_t)i * 3;
        round_trip(&encoder, &decoder, 1594380720, values);
    }
    codec_clean(&encoder);
    codec_clean(&decoder);
}

/*
 * The format. Files of older versions must be read: where this fails, the format's version has to
 * change. The first two by hand:
 *   1000, +1000 plainly:   00000000000000 0 001010 1111101000
 *      0, still:           1
 *   4096, +4096 plainly:   00000000000000 0 001101 1000000000000
 *     70, +70 plainly:     00000000000000 0 000111 1000110
 *   1010, +10 plainly:     00000000000000 0 000100 1010
 *      0, still:           1
 *  12288, +2 units, as 4:  00101
 *     69, -1 plainly:      00000000000000 1 000001 1
 */
static void the_format_is_kept(void **state)
{
    static const struct {
        int64_t timestamp_s;
        int64_t values[3];
        size_t len;
        uint8_t bytes[13];
    } rows[] = {
        {1000,
         {0, 4096, 70},
         12,
         {0x00, 0x00, 0x57, 0xd1, 0x00, 0x00, 0x6c, 0x00, 0x00, 0x00, 0x0f, 0x18}},
        {1010, {0, 12288, 69}, 7, {0x00, 0x00, 0x25, 0x4a, 0x00, 0x04, 0x18}},
        {1020, {7, 0, 68}, 4, {0x80, 0x00, 0x0f, 0x9a}},
        {1030, {7, 4097, 68}, 5, {0xc0, 0x00, 0x1b, 0x00, 0x16}},
        {1040,
         {SNAPSHOT_VALUE_MAX, 4097, 68},
         13,
         {0x80, 0x00, 0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x20, 0x00, 0x80, 0x0a}},
        {1050, {SNAPSHOT_VALUE_MAX, 4097, 68}, 4, {0x80, 0x00, 0x02, 0x20}},
    };
    struct codec encoder = {0};
    struct codec decoder = {0};

    (void)state;
    codec_change(&encoder, 0, 0, 3);
    codec_change(&decoder, 0, 0, 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes bytes = {0};
        int64_t timestamp_s = 0;
        int64_t values[3];

        assert_int_equal(codec_encode(&encoder, rows[i].timestamp_s, rows[i].values, &bytes), 0);
        assert_int_equal(bytes.len, rows[i].len);
        assert_memory_equal(bytes.data, rows[i].bytes, bytes.len);
        assert_int_equal(shapes_decode(&decoder, rows[i].bytes, rows[i].len, &timestamp_s, values),
                         0);
        assert_int_equal(timestamp_s, rows[i].timestamp_s);
        assert_memory_equal(values, rows[i].values, sizeof values);
        bytes_clean(&bytes);
    }
    codec_clean(&encoder);
    codec_clean(&decoder);
}

/* What a node with two CPUs says after `values`, in the manner of a recorded one. */
static void live_on(int64_t values[32])
{
    int64_t busy = shapes_any(1) ? 0 : shapes_any(4);

    for (size_t i = 0; i < 6; i += 3) {
        values[i] += busy * 10;                  /* user */
        values[i + 1] += shapes_any(2) / 3 * 10; /* system */
        values[i + 2] += (100 - busy) * 10;      /* idle */
    }
    if (shapes_any(2) == 0)
        for (size_t i = 6; i < 9; i++) /* load */
            values[i] = shapes_held(values[i] + shapes_any(14) - 8000);
    for (size_t i = 9; i < 13; i++) /* memory */
        if (shapes_any(1))
            values[i] = shapes_held(values[i] + (shapes_any(8) - 128) * 4096);
    if (shapes_any(2) == 0) { /* a disk */
        values[13] += 4096;
        values[14] -= 4096;
    }
}

/* A block as the ring has them, of 256 snapshots: the issue asks for 2 bytes a DataPoint at most,
 * and block and frames take some of them. */
static void a_node_takes_few_bytes(void **state)
{
    struct codec codec = {0};
    struct bytes bytes = {0};
    int64_t values[32] = {0};

    (void)state;
    for (size_t i = 0; i < 6; i++)
        values[i] = shapes_any(30) / 10 * 10;
    for (size_t i = 6; i < 9; i++)
        values[i] = shapes_any(20);
    for (size_t i = 9; i < 20; i++)
        values[i] = shapes_any(26) * 4096;
    codec_change(&codec, 0, 0, 32);
    for (unsigned n = 0; n < 256; n++) {
        assert_int_equal(codec_encode(&codec, 1594380720 + n, values, &bytes), 0);
        live_on(values);
    }
    assert_in_range(bytes.len, 256 * 4, 256 * 32 * 3 / 4);
    bytes_clean(&bytes);
    codec_clean(&codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shapes_come_back),
        cmocka_unit_test(series_come_and_go),
        cmocka_unit_test(what_stays_is_still_foreseen),
        cmocka_unit_test(after_a_reset_nothing_is_known),
        cmocka_unit_test(a_change_must_fit),
        cmocka_unit_test(a_refusal_leaves_no_trace),
        cmocka_unit_test(the_format_is_kept),
        cmocka_unit_test(a_node_takes_few_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
