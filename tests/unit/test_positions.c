/* What the targets are owed, as it is kept in the ring's file. */
#include "base/crc.h"
#include "emitter/ring/positions.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct owed two = {.ranges = {{3, 9}, {20, UINT64_MAX}}, .count = 2};

static struct positions sample(void)
{
    struct positions positions = {.turn = 7, .first = 3, .end = 40};

    assert_int_equal(positions_add(&positions, "graphite", 12, &two), 0);
    assert_int_equal(positions_add(&positions, "", UINT64_MAX, &(struct owed){0}), 0);
    return positions;
}

static void check_owed(const struct positions *positions, const char *name, const struct owed *owed)
{
    const struct position *position = positions_find(positions, name);

    assert_non_null(position);
    assert_int_equal(position->owed.count, owed->count);
    assert_memory_equal(position->owed.ranges, owed->ranges, owed->count * sizeof owed->ranges[0]);
}

static void test_round_trip(void **state)
{
    struct positions positions = sample();
    struct positions read = {0};
    struct bytes slot = {0};

    (void)state;
    bytes_add(&slot, "front", 5);
    assert_int_equal(positions_encode(&positions, &slot), 0);
    assert_memory_equal(slot.data, "front", 5);
    assert_int_equal(positions_decode(&read, slot.data + 5, slot.len - 5), 0);
    assert_true(read.turn == 7 && read.first == 3 && read.end == 40);
    assert_int_equal(read.count, 2);
    check_owed(&read, "graphite", &two);
    check_owed(&read, "", &(struct owed){0});
    assert_int_equal(positions_find(&read, "graphite")->lost, 12);
    assert_true(positions_find(&read, "")->lost == UINT64_MAX);
    assert_null(positions_find(&read, "other"));
    positions_clean(&read);
    positions_clean(&positions);
    bytes_clean(&slot);
}

/* A slot has to hold it: more is owed then, never less. */
static void test_too_large(void **state)
{
    static const size_t counts[] = {1, 20, 30, 100, 500, 2000};
    struct owed many = {0};

    (void)state;
    for (uint64_t i = 0; i < OWED_RANGES; i++)
        owed_add(&many, i << 40, (i << 40) + 1);
    assert_int_equal(many.count, OWED_RANGES);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct positions positions = {.turn = 1};
        struct positions read = {0};
        struct bytes slot = {0};
        char name[32];

        for (size_t i = 0; i < counts[c]; i++) {
            snprintf(name, sizeof name, "target-%zu", i);
            positions_add(&positions, name, i, &many);
        }
        assert_int_equal(positions_encode(&positions, &slot), 0);
        assert_true(slot.len <= POSITIONS_BYTES);
        assert_int_equal(positions_decode(&read, slot.data, slot.len), 0);
        assert_true(read.count > 0);
        assert_true(counts[c] > 100 || read.count == counts[c]); /* so many are all in it */
        if (counts[c] <= 20)
            check_owed(&read, "target-0", &many);
        for (size_t i = 0; i < read.count; i++) {
            const struct owed *owed = &read.list[i].owed;

            assert_true(owed->ranges[0].from == 0);
            assert_true(owed->ranges[owed->count - 1].end == many.ranges[OWED_RANGES - 1].end);
            assert_true(owed_count(owed) >= OWED_RANGES);
            assert_int_equal(read.list[i].lost, i);
        }
        positions_clean(&read);
        positions_clean(&positions);
        bytes_clean(&slot);
    }
}

/* Decodes a copy of just that length; it is nothing, or makes sense. */
static int decode(const uint8_t *bytes, size_t len)
{
    struct positions read = {0};
    uint8_t *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    int result = positions_decode(&read, copy, len);
    if (result < 0)
        assert_true(!read.list && read.count == 0 && read.turn == 0);
    for (size_t i = 0; i < read.count; i++)
        for (size_t k = 0; k < read.list[i].owed.count; k++)
            assert_true(read.list[i].owed.ranges[k].from < read.list[i].owed.ranges[k].end);
    positions_clean(&read);
    free(copy);
    return result;
}

static void test_hostile(void **state)
{
    struct positions positions = sample();
    struct bytes slot = {0};

    (void)state;
    positions_encode(&positions, &slot);
    for (size_t len = 0; len < slot.len; len++)
        assert_int_equal(decode(slot.data, len), -1);
    assert_int_equal(decode(slot.data, slot.len), 0);
    for (size_t at = 0; at < slot.len; at++) {
        uint8_t before = slot.data[at];

        for (unsigned value = 0; value < 256; value++) {
            slot.data[at] = (uint8_t)value;
            assert_int_equal(decode(slot.data, slot.len), value == before ? 0 : -1);
        }
        slot.data[at] = before;
    }

    /* The same with a checksum that is right. */
    uint8_t *bytes = slot.data;
    unsigned taken = 0;
    for (size_t at = 12; at < slot.len; at++) {
        uint8_t before = bytes[at];

        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            bytes_put_u32(bytes + 4, crc_add(0, bytes + 8, slot.len - 8));
            taken += decode(bytes, slot.len) == 0;
        }
        bytes[at] = before;
    }
    assert_true(taken > 1000);
    bytes_put_u32(bytes + 8, UINT32_MAX); /* a length that is none */
    assert_int_equal(decode(bytes, slot.len), -1);
    positions_clean(&positions);
    bytes_clean(&slot);
}

static void test_renumber(void **state)
{
    static const struct {
        uint64_t shift, end;
        struct owed owed;
    } rows[] = {
        {0, 30, {.ranges = {{3, 9}, {20, 30}}, .count = 2}},
        {1000, 1030, {.ranges = {{1003, 1009}, {1020, 1030}}, .count = 2}},
        {1000, 1020, {.ranges = {{1003, 1009}}, .count = 1}},
        {1000, 1005, {.ranges = {{1003, 1005}}, .count = 1}},
        {(uint64_t)-2, 28, {.ranges = {{1, 7}, {18, 28}}, .count = 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct positions positions = sample();

        positions_renumber(&positions, rows[i].shift, rows[i].end);
        check_owed(&positions, "graphite", &rows[i].owed);
        check_owed(&positions, "", &(struct owed){0});
        positions_clean(&positions);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_renumber),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
