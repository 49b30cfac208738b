/* Bits: what was put is taken again, in the order of the format, and never more than there is. */
#include "emitter/ring/bits.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static void the_highest_bit_comes_first(void **state)
{
    uint8_t bytes[8] = {0};
    struct bits_out out = {.at = bytes};

    (void)state;
    bits_put(&out, 1, 1);
    bits_put(&out, 0, 0);
    bits_put(&out, 0x2, 3);
    bits_put(&out, 0xabc, 12);
    bits_put(&out, 1, 2);
    assert_ptr_equal(bits_finish(&out), bytes + 3);
    assert_memory_equal(bytes, ((uint8_t[]){0xaa, 0xbc, 0x40}), 3);
}

static void the_length_of_a_number(void **state)
{
    (void)state;
    assert_int_equal(bits_length(0), 0);
    assert_int_equal(bits_length(1), 1);
    assert_int_equal(bits_length(255), 8);
    assert_int_equal(bits_length(UINT64_MAX), 64);
}

/* Numbers of all widths, each put behind as many zeros as `pattern` says. */
static void what_was_put_is_taken(void **state)
{
    enum { count = 4000 };
    uint8_t *bytes = calloc(count, 16);
    uint64_t *numbers = calloc(count, sizeof *numbers);
    struct bits_out out = {.at = bytes};

    (void)state;
    assert_non_null(bytes);
    assert_non_null(numbers);
    srandom(1);
    for (unsigned i = 0; i < count; i++) {
        unsigned width = 1 + i % BITS_MAX;
        uint64_t top = UINT64_C(1) << (width - 1);

        numbers[i] = top | (((uint64_t)random() << 31 | (uint64_t)random()) & (top - 1));
        bits_put(&out, 0, i * 7 % 50);
        bits_put(&out, numbers[i], width);
    }

    size_t len = (size_t)(bits_finish(&out) - bytes);
    uint8_t *exact = malloc(len); /* so that a sanitizer sees a byte too many */
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    struct bits_in in = {.at = exact, .end = exact + len};
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(bits_take_zeros(&in, 50), i * 7 % 50);
        assert_true(bits_take(&in, 1 + i % BITS_MAX) == numbers[i]);
    }
    assert_true(bits_at_end(&in));
    free(exact);
    free(numbers);
    free(bytes);
}

static void zeros_are_bounded(void **state)
{
    const uint8_t bytes[] = {0x00, 0x00, 0x80};
    struct bits_in in = {.at = bytes, .end = bytes + sizeof bytes};

    (void)state;
    assert_int_equal(bits_take_zeros(&in, 10), 10);
    assert_int_equal(bits_take_zeros(&in, 10), 6);
    assert_int_equal(bits_take_zeros(&in, 10), 0);
    assert_int_equal(bits_take(&in, 1), 1);
    assert_true(bits_at_end(&in));
}

static void past_the_end_there_is_nothing(void **state)
{
    const struct {
        unsigned zeros;
        unsigned width;
    } rows[] = {{0, 17}, {0, BITS_MAX}, {17, 0}, {BITS_MAX, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t *bytes = calloc(2, 1);
        struct bits_in in = {.at = bytes, .end = bytes + 2};

        assert_non_null(bytes);
        bits_take_zeros(&in, rows[i].zeros);
        assert_int_equal(bits_take(&in, rows[i].width), 0);
        assert_true(in.failed);
        assert_false(bits_at_end(&in));
        assert_int_equal(bits_take(&in, BITS_MAX), 0);
        free(bytes);
    }
}

static void only_a_filled_up_byte_is_an_end(void **state)
{
    const struct {
        size_t len;
        unsigned taken;
        bool end;
        uint8_t bytes[10];
    } rows[] = {
        {1, 3, true, {0xe0}},  {1, 8, true, {0xe0}},  {1, 3, false, {0xe1}},
        {2, 3, false, {0xe0}}, {8, 57, true, {0xe0}}, {9, 57, false, {0xe0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bits_in in = {.at = rows[i].bytes, .end = rows[i].bytes + rows[i].len};

        bits_take(&in, rows[i].taken);
        assert_int_equal(bits_at_end(&in), rows[i].end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_bit_comes_first),
        cmocka_unit_test(the_length_of_a_number),
        cmocka_unit_test(what_was_put_is_taken),
        cmocka_unit_test(zeros_are_bounded),
        cmocka_unit_test(past_the_end_there_is_nothing),
        cmocka_unit_test(only_a_filled_up_byte_is_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
