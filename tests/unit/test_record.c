/* What the parachute remembers: it comes back as it was, and lies in the file as record.h says. */
#include "tests/unit/records.h"

static uint8_t file[RECORD_BYTES];
static struct record record;
static struct record found;

static int decode(bool *torn)
{
    const char *why = NULL;
    int result = record_decode(file, sizeof file, &found, torn, &why);

    assert_int_equal(result < 0, why != NULL);
    return result;
}

static int blank(void **state)
{
    (void)state;
    memset(file, 0, sizeof file);
    memset(&record, 0, sizeof record);
    return 0;
}

/* From nothing at all to as much as there can be. */
static void it_comes_back_as_it_was(void **state)
{
    static char longest[RECORD_MOUNT_MAX];
    static const size_t disks[] = {0, 1, 2, RECORD_DISKS_MAX};
    bool torn = true;

    (void)state;
    records_put(file, 0, &record, 1);
    assert_int_equal(decode(&torn), 0);
    assert_false(torn);
    records_same(&record, &found);
    assert_null(found.tipped.mount);
    memset(longest, 'm', sizeof longest - 1);
    for (size_t i = 0; i < sizeof disks / sizeof *disks; i++) {
        records_fill(&record, (unsigned)i, disks[i]);
        memset(record.tipped.name, 'n', ORDER_NAME_MAX - 1);
        record.tipped.mount = longest;
        records_put(file, 0, &record, 1);
        assert_int_equal(decode(&torn), 0);
        records_same(&record, &found);
        assert_ptr_equal(found.tipped.mount, found.tipped_mount);
    }
}

/* In which of the slots a state lies says nothing; its turn does. */
static void the_newer_counts(void **state)
{
    static const struct {
        uint64_t turns[2]; /* 0: the slot is empty */
        unsigned newer;
    } rows[] = {
        {{1, 0}, 0}, {{0, 1}, 1},     {{5, 6}, 1},
        {{6, 5}, 0}, {{255, 256}, 1}, {{1, (1ULL << 62) - 1}, 1},
        {{4, 2}, 0}, {{2, 4}, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool torn = true;

        blank(state);
        for (unsigned place = 0; place < 2; place++)
            if (rows[i].turns[place] > 0)
                records_put_seed(file, place, 10 + place, rows[i].turns[place]);
        assert_int_equal(decode(&torn), 0);
        assert_false(torn);
        assert_int_equal(found.turn, rows[i].turns[rows[i].newer]);
        assert_int_equal(found.place, rows[i].newer);
        records_check_seed(&found, 10 + rows[i].newer);
    }
}

enum content { EMPTY, GOOD, BAD, OF_NOBODY };

static void put_content(unsigned place, enum content content)
{
    uint8_t *slot = file + place * RECORD_SLOT;

    if (content == GOOD || content == BAD)
        records_put_seed(file, place, place, 1 + place);
    if (content == BAD)
        slot[100] ^= 1;
    if (content == OF_NOBODY)
        memset(slot + 700, 'x', 13);
}

static void one_bad_slot_costs_one_state(void **state)
{
    static const struct {
        enum content content[2];
        int result;
        bool torn;
        const char *why;
    } rows[] = {
        {{EMPTY, EMPTY}, 1, false, NULL},
        {{EMPTY, BAD}, 1, true, NULL},
        {{OF_NOBODY, EMPTY}, 1, true, NULL},
        {{GOOD, EMPTY}, 0, false, NULL},
        {{GOOD, BAD}, 0, true, NULL},
        {{BAD, GOOD}, 0, true, NULL},
        {{OF_NOBODY, GOOD}, 0, true, NULL},
        {{BAD, BAD}, -1, false, "it is damaged"},
        {{OF_NOBODY, BAD}, -1, false, "it is damaged"},
        {{OF_NOBODY, OF_NOBODY}, -1, false, "it is none of ours"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool torn = !rows[i].torn;
        const char *why = NULL;

        blank(state);
        put_content(0, rows[i].content[0]);
        put_content(1, rows[i].content[1]);
        int result = record_decode(file, sizeof file, &found, &torn, &why);
        if (result != rows[i].result)
            fail_msg("row %zu: %d", i, result);
        if (result >= 0)
            assert_int_equal(torn, rows[i].torn);
        if (rows[i].why)
            assert_string_equal(why, rows[i].why);
    }
}

/* By the header's table, byte by byte. */
static void it_lies_as_documented(void **state)
{
    static const struct {
        size_t at;
        unsigned bytes;
        uint64_t number;
    } rows[] = {
        {8, 4, 1},
        {20, 8, 9},
        {28, 1, 1 + 4 + 8},
        {29, 8, 1001},
        {37, 8, 71},
        {45, 1, 2},
        {46, 8, 70},
        {54, 4, 2},
        {58, 4, 1024},
        {62, 8, 2000},
        {70, 1, 4},
        {95, 4, 4001},
        {115, 4, 3999},
        {135, 8, 90},
        {143, 8, 1ULL << 40},
        {151, 4, 90},
        {155, 4, 80},
        {159, 4, 4},
        {163, 4, 4},
        {175, 4, 2},
        {179 + 8, 1, 3},
        {179 + 9, 8, 3000},
        {179 + 17, 8, UINT64_MAX - 2},
        {179 + 25, 1, 0},
    };

    (void)state;
    assert_int_equal(records_put_seed(file, 0, 1, 9), 171 + 4 + 4 + 2 * 17);
    assert_memory_equal(file, "ALTIPARA", 8);
    assert_int_equal(bytes_get_u32(file + 12), 171 + 4 + 4 + 2 * 17);
    assert_memory_equal(file + 167, "_var/var", 8);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t number = 0;

        for (unsigned k = 0; k < rows[i].bytes; k++)
            number |= (uint64_t)file[rows[i].at + k] << 8 * k;
        if (number != rows[i].number)
            fail_msg("at %zu: %ju", rows[i].at, (uintmax_t)number);
    }
    assert_true(record_mount("a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(record_mount("foobar") == UINT64_C(0x85944171f73967e8)); /* its authors' */
}

/* What no reader would take is not written, so that the rest is not lost with it. */
static void odd_values_do_not_cost_the_rest(void **state)
{
    static char too_long[RECORD_MOUNT_MAX + 1];
    struct bytes slot = {0};
    bool torn = true;

    (void)state;
    memset(too_long, 'm', sizeof too_long - 1);
    records_fill(&record, 3, 1);
    record.command.pid = -1;
    record.plan.runs[0].status = -5;
    record.plan.since_s = -1;
    record.disks[0].since_s = INT64_MAX;
    record.tipped.mount = too_long;
    memset(record.tipped.name, 'n', ORDER_NAME_MAX); /* and no NUL */
    records_put(file, 0, &record, 1);
    assert_int_equal(decode(&torn), 0);
    assert_int_equal(found.command.pid, 0);
    assert_int_equal(found.plan.runs[0].status, 0);
    assert_int_equal(found.plan.since_s, 0);
    assert_int_equal(found.disks[0].since_s, 0);
    assert_null(found.tipped.mount);
    assert_int_equal(strlen(found.tipped.name), ORDER_NAME_MAX - 1);
    assert_int_equal(found.supervisor.pid, 3999);

    record.disk_count = RECORD_DISKS_MAX + 1;
    assert_int_equal(record_encode(&record, &slot), -1);
    bytes_clean(&slot);
}

/* The state begins where the bytes end; the stamp wants exactly it, and sound. */
static void the_stamp(void **state)
{
    struct bytes slot = {0};
    bool torn = true;

    (void)state;
    bytes_add(&slot, "S", 1);
    records_fill(&record, 3, 2);
    assert_int_equal(record_encode(&record, &slot), 0);
    memcpy(file, slot.data + 1, slot.len - 1);
    assert_int_equal(decode(&torn), 1); /* without a turn it is no state */
    assert_true(torn);
    assert_int_equal(record_stamp(slot.data + 1, slot.len, 7), -1);
    assert_int_equal(record_stamp(slot.data + 1, slot.len - 2, 7), -1);
    assert_int_equal(record_stamp(slot.data, slot.len, 7), -1);
    assert_int_equal(record_stamp(slot.data + 1, slot.len - 1, 7), 0);
    memcpy(file, slot.data + 1, slot.len - 1);
    assert_int_equal(decode(&torn), 0);
    assert_int_equal(found.turn, 7);
    records_check_seed(&found, 3);
    slot.data[100] ^= 1;
    assert_int_equal(record_stamp(slot.data + 1, slot.len - 1, 8), -1);
    bytes_clean(&slot);
}

static void the_end(void **state)
{
    const struct record_end end = {
        .number = 1ULL << 40,
        .attempt = 3,
        .status = PLAN_STATUS_UNKNOWN,
        .ended_s = 1594380720,
        .supervisor = {.pid = 4001, .start = 123456789012, .boot = UINT64_MAX - 1}};
    struct record_end read = {0};
    uint8_t slot[RECORD_END_SLOT];

    (void)state;
    memset(slot, 0, sizeof slot);
    assert_int_equal(record_decode_end(slot, sizeof slot, &read), -1);
    record_encode_end(&end, slot);
    assert_memory_equal(slot, "ALTIPEND", 8);
    assert_int_equal(bytes_get_u32(slot + 12), 64);
    assert_int_equal(bytes_get_u64(slot + 20), end.number);
    assert_int_equal(bytes_get_u32(slot + 44), end.supervisor.pid);
    assert_int_equal(bytes_get_u64(slot + 48), end.supervisor.start);
    assert_int_equal(bytes_get_u64(slot + 56), end.supervisor.boot);
    assert_int_equal(record_decode_end(slot, sizeof slot, &read), 0);
    assert_int_equal(read.number, end.number);
    assert_int_equal(read.attempt, end.attempt);
    assert_int_equal(read.status, end.status);
    assert_int_equal(read.ended_s, end.ended_s);
    records_same_process(&read.supervisor, &end.supervisor);
    memcpy(file, slot, sizeof slot); /* an end is no state, nor the other way */
    records_put_seed(file, 1, 1, 1);
    bool torn = false;
    assert_int_equal(decode(&torn), 0);
    assert_true(torn);
    assert_int_equal(record_decode_end(file + RECORD_SLOT, RECORD_END_SLOT, &read), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_comes_back_as_it_was, blank),
        cmocka_unit_test_setup(the_newer_counts, blank),
        cmocka_unit_test_setup(one_bad_slot_costs_one_state, blank),
        cmocka_unit_test_setup(it_lies_as_documented, blank),
        cmocka_unit_test_setup(odd_values_do_not_cost_the_rest, blank),
        cmocka_unit_test_setup(the_stamp, blank),
        cmocka_unit_test_setup(the_end, blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
