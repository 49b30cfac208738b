/* Bytes that grow, and the numbers in them. */
#include "base/bytes.h"
#include "tests/unit/unit.h"

#include <string.h>

static const uint64_t numbers[] = {0,      1,          0x7f,      0x80,           0x3fff,
                                   0x4000, UINT32_MAX, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static void test_numbers_come_back(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    for (size_t i = 0; i < NUMBERS; i++)
        bytes_add_varint(&bytes, numbers[i]);
    assert_false(bytes.failed);
    struct bytes_in in = {bytes.data, bytes.data + bytes.len, false};
    for (size_t i = 0; i < NUMBERS; i++)
        assert_true(bytes_take_varint(&in) == numbers[i]);
    assert_false(in.failed);
    assert_ptr_equal(in.at, in.end);

    for (size_t i = 0; i < NUMBERS; i++) {
        uint8_t fixed[8];

        bytes_put_u64(fixed, numbers[i]);
        assert_true(bytes_get_u64(fixed) == numbers[i]);
        bytes_put_u32(fixed, (uint32_t)numbers[i]);
        assert_true(bytes_get_u32(fixed) == (uint32_t)numbers[i]);
    }
    uint8_t lowest_first[4];
    bytes_put_u32(lowest_first, 0x01020304);
    assert_memory_equal(lowest_first, "\4\3\2\1", 4);
    bytes_clean(&bytes);
}

/* What is cut, too long or too large is no number, and nothing is read behind it. */
static void test_hostile_numbers(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"", 0},
        {"\x80", 1},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00", 11},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *bytes = (const uint8_t *)rows[i].bytes;
        struct bytes_in in = {bytes, bytes + rows[i].len, false};

        assert_true(bytes_take_varint(&in) == 0);
        assert_true(in.failed);
        assert_null(bytes_take(&in, 1));
        assert_true(bytes_take_varint(&in) == 0);
    }
}

static void test_take(void **state)
{
    static const uint8_t four[4] = {1, 2, 3, 4};
    struct bytes_in in = {four, four + sizeof four, false};

    (void)state;
    assert_ptr_equal(bytes_take(&in, 3), four);
    assert_ptr_equal(bytes_take(&in, 0), four + 3);
    assert_null(bytes_take(&in, SIZE_MAX));
    assert_true(in.failed);
    assert_null(bytes_take(&in, 1));
}

/* What does not fit any more is dropped until the buffer is cut; what was in it stays. */
static void test_failed(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    bytes_add(&bytes, "abc", 3);
    bytes_add(&bytes, "x", SIZE_MAX - 1);
    assert_true(bytes.failed);
    bytes_add(&bytes, "d", 1);
    assert_int_equal(bytes_reserve(&bytes, 1), -1);
    assert_int_equal(bytes.len, 3);
    bytes_cut(&bytes, 2);
    bytes_add(&bytes, "e", 1);
    assert_false(bytes.failed);
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.data, "abe", 3);
    bytes_clean(&bytes);
}

/* A buffer grows again after it gave its memory back, however small it is then. */
static void test_trim(void **state)
{
    (void)state;
    for (size_t len = 0; len < 200; len++) {
        struct bytes bytes = {0};

        for (size_t i = 0; i < len; i++)
            bytes_add(&bytes, &(uint8_t){(uint8_t)i}, 1);
        bytes_trim(&bytes);
        assert_true(len == 0 || bytes.capacity == len);
        for (size_t i = len; i < len + 300; i++)
            bytes_add(&bytes, &(uint8_t){(uint8_t)i}, 1);
        assert_int_equal(bytes.len, len + 300);
        for (size_t i = 0; i < bytes.len; i++)
            assert_int_equal(bytes.data[i], (uint8_t)i);
        bytes_clean(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_come_back),
        cmocka_unit_test(test_hostile_numbers),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_trim),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
