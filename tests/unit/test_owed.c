/* What a target is owed: a bounded list of ranges against a plain set of numbers. */
#include "emitter/ring/owed.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Writes `1-3 7` for the ranges 1..3 and 7. */
static void describe(const struct owed *owed, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < owed->count; i++) {
        unsigned long from = owed->ranges[i].from;
        unsigned long last = owed->ranges[i].end - 1;

        len += (size_t)snprintf(text + len, size - len, i ? " %lu" : "%lu", from);
        if (last != from)
            len += (size_t)snprintf(text + len, size - len, "-%lu", last);
    }
}

static void ranges_join_and_split(void **state)
{
    const struct {
        const char *what;
        char verb; /* a: add from..end-1, r: remove from, f: forget below from */
        uint64_t from;
        uint64_t end;
        const char *after;
    } steps[] = {
        {"nothing is nothing", 'a', 5, 5, ""},
        {"the first", 'a', 10, 20, "10-19"},
        {"one after, with a gap", 'a', 30, 40, "10-19 30-39"},
        {"one before", 'a', 2, 4, "2-3 10-19 30-39"},
        {"touching from below", 'a', 8, 10, "2-3 8-19 30-39"},
        {"touching from above", 'a', 20, 21, "2-3 8-20 30-39"},
        {"known already", 'a', 9, 12, "2-3 8-20 30-39"},
        {"in a gap", 'a', 25, 26, "2-3 8-20 25 30-39"},
        {"over several", 'a', 3, 26, "2-25 30-39"},
        {"filling a gap", 'a', 26, 30, "2-39"},
        {"the first of a range", 'r', 2, 0, "3-39"},
        {"the last of a range", 'r', 39, 0, "3-38"},
        {"from the middle", 'r', 10, 0, "3-9 11-38"},
        {"one that is not owed", 'r', 10, 0, "3-9 11-38"},
        {"one beyond all", 'r', 99, 0, "3-9 11-38"},
        {"below all", 'f', 3, 0, "3-9 11-38"},
        {"within a range", 'f', 5, 0, "5-9 11-38"},
        {"in a gap", 'f', 10, 0, "11-38"},
        {"all", 'f', 99, 0, ""},
        {"a single one", 'a', 7, 8, "7"},
        {"and it is gone", 'r', 7, 0, ""},
    };
    struct owed owed = {0};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].verb == 'a')
            owed_add(&owed, steps[i].from, steps[i].end);
        else if (steps[i].verb == 'r')
            owed_remove(&owed, steps[i].from);
        else
            owed_forget(&owed, steps[i].from);
        describe(&owed, text, sizeof text);
        if (strcmp(text, steps[i].after) != 0)
            fail_msg("%s: %s, not %s", steps[i].what, text, steps[i].after);
    }
}

/* Full: the smallest gap closes, also where it is one that the new range makes. */
static void a_full_list_closes_its_smallest_gap(void **state)
{
    struct owed owed = {0};

    (void)state;
    for (uint64_t i = 0; i < OWED_RANGES; i++)
        owed_add(&owed, i * 100, i * 100 + 10);
    assert_int_equal(owed.count, OWED_RANGES);

    owed_add(&owed, 515, 520); /* 500-509 is nearest */
    assert_int_equal(owed.count, OWED_RANGES);
    assert_true(owed.ranges[5].from == 500 && owed.ranges[5].end == 520);

    owed_add(&owed, 3150, 3151); /* its gaps are 40, the smallest of the others is 80 */
    assert_true(owed.ranges[31].from == 3100 && owed.ranges[31].end == 3151);

    owed_add(&owed, 9000, 9001); /* far off: 520-599 closes */
    assert_int_equal(owed.count, OWED_RANGES);
    assert_true(owed.ranges[5].from == 500 && owed.ranges[5].end == 610);
    assert_true(owed.ranges[31].from == 9000);

    owed_remove(&owed, 555); /* a split of a full list: what was asked for is off */
    assert_int_equal(owed.count, OWED_RANGES);
    for (size_t i = 0; i < owed.count; i++)
        assert_false(owed.ranges[i].from <= 555 && 555 < owed.ranges[i].end);
}

static void two_lists_make_one(void **state)
{
    struct owed owed = {0};
    struct owed more = {0};
    char text[256];

    (void)state;
    owed_add(&owed, 5, 10);
    owed_add(&more, 1, 3);
    owed_add(&more, 8, 12);
    owed_merge(&owed, &more);
    describe(&owed, text, sizeof text);
    assert_string_equal(text, "1-2 5-11");
    owed_merge(&owed, &(struct owed){0});
    assert_int_equal(owed_count(&owed), 9);
}

#define NUMBERS 400

struct model {
    bool owed[NUMBERS];
};

static size_t runs(const struct model *model)
{
    size_t count = 0;

    for (size_t i = 0; i < NUMBERS; i++)
        count += model->owed[i] && (i == 0 || !model->owed[i - 1]);
    return count;
}

/* The list says the same as the model, or more where it had to close a gap. */
static void compare(const struct owed *owed, struct model *model, bool crowded)
{
    struct model listed = {0};
    uint64_t count = 0;
    uint64_t oldest = 0;

    assert_true(owed->count <= OWED_RANGES);
    for (size_t i = 0; i < owed->count; i++) {
        assert_true(owed->ranges[i].from < owed->ranges[i].end && owed->ranges[i].end <= NUMBERS);
        assert_true(i == 0 || owed->ranges[i - 1].end < owed->ranges[i].from);
        for (uint64_t n = owed->ranges[i].from; n < owed->ranges[i].end; n++)
            listed.owed[n] = true;
    }
    for (size_t i = NUMBERS; i-- > 0;) {
        assert_true(listed.owed[i] || !model->owed[i]);
        assert_true(crowded || listed.owed[i] == model->owed[i]);
        count += listed.owed[i];
        if (listed.owed[i])
            oldest = i;
    }
    uint64_t number = 0;
    for (uint64_t end = 0; end <= NUMBERS; end += 7) {
        uint64_t newest = end;

        while (newest > 0 && !listed.owed[newest - 1])
            newest--;
        assert_int_equal(owed_newest(owed, end, &number), newest > 0);
        if (newest > 0)
            assert_int_equal(number, newest - 1);
    }
    number = 0;
    assert_int_equal(owed_oldest(owed, &number), count > 0);
    assert_int_equal(number, oldest);
    assert_int_equal(owed_count(owed), count);
    *model = listed;
}

static void any_sequence_matches_a_plain_set(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct owed owed = {0};
        struct model model = {0};

        for (unsigned step = 0; step < 300; step++) {
            seed = seed * 1664525 + 1013904223;
            uint64_t at = (seed >> 8) % NUMBERS;
            unsigned verb = seed >> 28;
            uint64_t lost = 0;

            if (verb < 8) {
                uint64_t end = at + 1 + (seed >> 4) % (round % 9 + 1);
                if (end > NUMBERS)
                    end = NUMBERS;
                owed_add(&owed, at, end);
                memset(model.owed + at, 1, end - at);
            } else if (verb < 15) {
                owed_remove(&owed, at);
                model.owed[at] = false;
            } else {
                at /= 8;
                for (size_t i = 0; i < at; i++) {
                    lost += model.owed[i];
                    model.owed[i] = false;
                }
                assert_int_equal(owed_forget(&owed, at), lost);
            }
            if (verb >= 8 && verb < 15) /* whatever had to close, this one is off */
                for (size_t i = 0; i < owed.count; i++)
                    assert_false(owed.ranges[i].from <= at && at < owed.ranges[i].end);
            compare(&owed, &model, runs(&model) > OWED_RANGES);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_join_and_split),
        cmocka_unit_test(a_full_list_closes_its_smallest_gap),
        cmocka_unit_test(two_lists_make_one),
        cmocka_unit_test(any_sequence_matches_a_plain_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
