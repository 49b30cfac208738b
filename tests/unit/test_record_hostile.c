/* What the parachute remembers, spoilt: the state before, or none; never another one, never harm.
 */
#include "base/crc.h"
#include "parachute/keep/slot.h"
#include "tests/unit/records.h"

static uint8_t file[RECORD_BYTES];
static struct record found;
static size_t len; /* of each state */

/* Two states: 1 in the first slot, and 2, which is newer. */
static int fill(void **state)
{
    (void)state;
    memset(file, 0, sizeof file);
    len = records_put_seed(file, 0, 1, 1);
    assert_int_equal(records_put_seed(file, 1, 2, 2), len);
    return 0;
}

static int decode(bool *torn)
{
    const char *why = NULL;
    int result = record_decode(file, sizeof file, &found, torn, &why);

    if (result < 0)
        assert_non_null(why);
    return result;
}

/* Each bit of a slot's length, and some of its unused room. */
static void each_flipped_bit_is_seen(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * (len + 10); bit++) {
        uint8_t flip = (uint8_t)(1 << bit % 8);
        size_t at = bit / 8;
        bool torn = false;

        file[RECORD_SLOT + at] ^= flip;
        assert_int_equal(decode(&torn), 0);
        assert_int_equal(torn, at < len);
        records_check_seed(&found, at < len ? 1 : 2);
        file[at] ^= flip;
        assert_int_equal(decode(&torn), at < len ? -1 : 0);
        file[RECORD_SLOT + at] ^= flip;
        assert_int_equal(decode(&torn), 0);
        assert_int_equal(torn, at < len);
        records_check_seed(&found, 2);
        file[at] ^= flip;
    }
}

/* A third state over the first, up to each byte of it: the second is still there, and never
 * something between the first and the third. */
static void each_torn_write_leaves_the_one_before(void **state)
{
    static uint8_t third[RECORD_BYTES];
    static const size_t disks[] = {0, 2, 9}; /* shorter, as long, longer */
    static struct record record;

    for (size_t i = 0; i < sizeof disks / sizeof *disks; i++) {
        records_fill(&record, 3, disks[i]);
        size_t third_len = records_put(third, 0, &record, 3);

        fill(state);
        for (size_t done = 0; done <= third_len; done++) {
            bool torn = false;

            memcpy(file, third, done);
            bool whole = memcmp(file, third, third_len) == 0; /* the last bytes may be the same */
            assert_int_equal(decode(&torn), 0);
            assert_int_equal(found.turn, whole ? 3 : 2);
            if (whole)
                records_same(&record, &found);
            else
                records_check_seed(&found, 2);
        }
    }
}

/* Exactly as many bytes as are said, so that a read behind them is seen. */
static int decode_cut(size_t cut, const char **why)
{
    uint8_t *bytes = malloc(cut > 0 ? cut : 1);
    struct record_end end;
    bool torn = false;

    assert_non_null(bytes);
    memcpy(bytes, file, cut);
    int result = record_decode(bytes, cut, &found, &torn, why);
    if (result == 0)
        assert_int_equal(torn, cut < 2 * RECORD_SLOT);
    size_t from = cut > RECORD_END_AT ? RECORD_END_AT : cut;
    int ended = record_decode_end(bytes + from, cut - from, &end);
    assert_int_equal(ended, cut >= RECORD_END_AT + 64 ? 0 : -1);
    free(bytes);
    return result;
}

static void a_cut_file_loses_what_is_cut(void **state)
{
    const struct record_end end = {.number = 2, .attempt = 1};

    (void)state;
    record_encode_end(&end, file + RECORD_END_AT);
    for (size_t cut = 0; cut <= RECORD_BYTES;) {
        const char *why = NULL;
        int result = decode_cut(cut, &why);

        if (cut < RECORD_SLOT) {
            assert_int_equal(result, -1);
            assert_string_equal(why, "it is damaged");
        } else {
            assert_int_equal(result, 0);
            records_check_seed(&found, cut < 2 * RECORD_SLOT ? 1 : 2);
        }
        size_t in_slot = cut % RECORD_SLOT; /* the edges, and some between */
        cut += in_slot < len + 10 || in_slot > RECORD_SLOT - 10 ? 1 : 997 % (RECORD_SLOT - in_slot);
    }
}

/* Not by a spoilt bit, but by somebody who can compute a sum. */
static void what_breaks_the_rules_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint64_t number;
        unsigned bytes;
        bool taken;
    } rows[] = {
        {8, 0, 4, false},
        {8, 2, 4, false},
        {20, 0, 8, false},
        {20, 1ULL << 62, 8, false},
        {20, (1ULL << 62) - 1, 8, true},
        {28, 15, 1, true},
        {28, 16, 1, false},
        {45, 4, 1, true},
        {45, 5, 1, false},
        {70, 1, 1, false}, /* one waits while the other runs */
        {70, 2, 1, false}, /* both run */
        {54, 999999999, 4, true},
        {54, 1000000000, 4, false},
        {58, INT32_MAX, 4, true},
        {58, 0x80000000, 4, false},
        {95, INT32_MAX, 4, true},
        {95, 0xffffffff, 4, false}, /* kill(-1) */
        {115, 0xfffff060, 4, false},
        {159, 3, 4, false},
        {159, 208, 4, false},
        {159, 0xffffffff, 4, false},
        {163, 5, 4, false},
        {163, 4096, 4, false},
        {163, 0xfffffffc, 4, false},
        {168, 0, 1, false}, /* a NUL in a text */
        {172, 0, 1, false},
        {175, 1, 4, false},
        {175, 3, 4, false},
        {175, 1025, 4, false},
        {175, 0xffffffff, 4, false},
        {187, 4, 1, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool torn = false;
        uint8_t *slot = file + RECORD_SLOT;

        fill(state);
        for (unsigned k = 0; k < rows[i].bytes; k++)
            slot[rows[i].at + k] = (uint8_t)(rows[i].number >> 8 * k);
        bytes_put_u32(slot + 16, crc_add(crc_add(0, slot, 16), slot + 20, len - 20));
        assert_int_equal(decode(&torn), 0);
        if (torn == rows[i].taken)
            fail_msg("row %zu: at %zu", i, rows[i].at);
        if (torn)
            records_check_seed(&found, 1);
    }
}

static void another_version_is_named(void **state)
{
    const char *why = NULL;
    bool torn = false;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *slot = file + i * RECORD_SLOT;

        slot[8] = 2;
        bytes_put_u32(slot + 16, crc_add(crc_add(0, slot, 16), slot + 20, len - 20));
    }
    assert_int_equal(record_decode(file, sizeof file, &found, &torn, &why), -1);
    assert_string_equal(why, "it is of another version");
}

static void check_ranges(void)
{
    assert_in_range(found.turn, 1, INT64_MAX);
    assert_true(found.command.pid >= 0 && found.supervisor.pid >= 0);
    assert_true(found.plan.since_s >= 0);
    for (unsigned i = 0; i < PLAN_EVENTS; i++) {
        assert_in_range(found.plan.runs[i].state, PLAN_NONE, PLAN_FAILED);
        assert_true(found.plan.runs[i].status >= 0 && found.plan.runs[i].changed_s >= 0);
    }
    assert_non_null(memchr(found.tipped.name, '\0', sizeof found.tipped.name));
    assert_non_null(memchr(found.tipped_mount, '\0', sizeof found.tipped_mount));
    assert_in_range(found.disk_count, 0, RECORD_DISKS_MAX);
    for (size_t i = 0; i < found.disk_count; i++)
        assert_true(found.disks[i].since_s >= 0);
}

/* Any bytes, and spoilt ones, with a right sum: refused, or in range. */
static void spoil(uint8_t *slot, bool noise)
{
    size_t sealed = noise ? 20 + records_any() % 400 : len;

    for (size_t i = 0; i < sealed; i++)
        slot[i] = noise ? (uint8_t)records_any() : slot[i];
    for (unsigned i = noise ? 0 : records_any() % 3; i > 0; i--)
        slot[20 + records_any() % (sealed - 20)] = (uint8_t)(records_any() >> records_any() % 8);
    slot_seal(slot, SLOT_STATE, sealed);
}

static void sealed_noise_does_no_harm(void **state)
{
    unsigned taken = 0;

    for (unsigned n = 0; n < 20000; n++) {
        bool torn = false;

        if (n % 100 == 0)
            fill(state);
        spoil(file + RECORD_SLOT, n % 2 == 1);
        assert_int_equal(decode(&torn), 0);
        check_ranges();
        taken += torn ? 0 : 1;
        if (torn)
            fill(state);
    }
    assert_true(taken > 2000); /* so it is not refused for one reason only */
}

static void noise_is_never_taken(void **state)
{
    struct record_end end;

    (void)state;
    for (unsigned n = 0; n < 100; n++) {
        bool torn = false;

        for (size_t i = 0; i < sizeof file; i++)
            file[i] = (uint8_t)records_any();
        for (unsigned i = 0; i < 2 && n % 2 == 0; i++) {
            slot_seal(file + i * RECORD_SLOT, SLOT_STATE, SLOT_CONTENT_AT);
            bytes_put_u32(file + i * RECORD_SLOT + 12, records_any() % (uint32_t)(RECORD_SLOT + 2));
            bytes_put_u32(file + i * RECORD_SLOT + 16, records_any());
        }
        slot_seal(file + RECORD_END_AT, SLOT_END, 64);
        file[RECORD_END_AT + 20 + n % 44] ^= 1;
        assert_int_equal(decode(&torn), -1);
        assert_int_equal(record_decode_end(file + RECORD_END_AT, RECORD_END_SLOT, &end), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_flipped_bit_is_seen, fill),
        cmocka_unit_test_setup(each_torn_write_leaves_the_one_before, fill),
        cmocka_unit_test_setup(a_cut_file_loses_what_is_cut, fill),
        cmocka_unit_test_setup(what_breaks_the_rules_is_refused, fill),
        cmocka_unit_test_setup(another_version_is_named, fill),
        cmocka_unit_test_setup(sealed_noise_does_no_harm, fill),
        cmocka_unit_test_setup(noise_is_never_taken, fill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
