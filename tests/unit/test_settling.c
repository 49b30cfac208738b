/* What is acknowledged and not yet delivered, against a plain list of every snapshot. */
#include "emitter/push/settling.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>

#define START_NS (CLOCK_NS_PER_S * 1000)
#define EPOCH_S INT64_C(1594380000)
#define KIB UINT64_C(1024)
#define SETTLE_NS (CLOCK_NS_PER_S * 60)

static void add(struct settling *settling, uint64_t number, uint64_t bytes, int64_t now_ns)
{
    const struct settling_entry entry = {number, EPOCH_S + (int64_t)number, settling->end + bytes};

    settling_add(settling, &entry, now_ns);
}

static bool has(const struct owed *owed, uint64_t number)
{
    uint64_t newest = 0;

    return owed_newest(owed, number + 1, &newest) && newest == number;
}

/* Every `every_ms` one of `bytes`, and then a break: from when on does it come again? */
static void both_measures_must_be_met(void **state)
{
    static const struct {
        const char *what;
        uint64_t bytes;
        int64_t every_ms;
        int64_t silence_s; /* after the last one */
        unsigned count;
        uint64_t must; /* so many of the newest are owed again */
        uint64_t most; /* and no more than so many */
    } rows[] = {
        {"a quiet node: the last MiB", 4 * KIB, 10000, 0, 1000, 256, 256 + 17},
        {"a quiet node, long after", 4 * KIB, 10000, 100000, 1000, 256, 256 + 17},
        {"a busy one: the last minute", 64 * KIB, 100, 0, 2000, 600, 600 + 39},
        {"a burst, and nothing else", 64 * KIB, 0, 0, 100, 100, 100},
        {"a burst, and a minute passes", 64 * KIB, 0, 60, 1000, 16, 1000},
        {"nearly a minute", 64 * KIB, 1, 59, 1000, 1000, 1000},
        {"larger than all of it", 2048 * KIB, 10000, 0, 50, 6, 7},
        {"all fits", KIB, 1000, 0, 1000, 1000, 1000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settling settling = {.settle_ns = SETTLE_NS};
        struct owed owed = {0};
        struct loss loss = {0};
        int64_t now_ns = START_NS;

        for (unsigned number = 1; number <= rows[i].count; number++) {
            now_ns += rows[i].every_ms * CLOCK_NS_PER_MS;
            add(&settling, number, rows[i].bytes, now_ns);
        }
        now_ns += rows[i].silence_s * CLOCK_NS_PER_S;
        settling_break(&settling, now_ns, 1, &owed, &loss);
        if (owed_count(&owed) < rows[i].must || owed_count(&owed) > rows[i].most)
            fail_msg("%s: %lu come again", rows[i].what, (unsigned long)owed_count(&owed));
        assert_true(has(&owed, rows[i].count));
        assert_int_equal(owed.count, 1);
        assert_int_equal(loss.snapshots, 0);
        assert_int_equal(settling.count, 0);
    }
}

#define ENTRIES 3000

/* Whatever comes at whatever time: none is released too early, and there is always room. */
static void any_sequence_is_kept_long_enough(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        static struct {
            int64_t at_ns;
            uint64_t end;
        } entries[ENTRIES + 1];
        struct settling settling = {.settle_ns = round % 4 ? SETTLE_NS + round : 0};
        int64_t now_ns = START_NS;

        for (uint64_t number = 1; number <= ENTRIES; number++) {
            seed = seed * 1664525 + 1013904223;
            uint64_t bytes = (seed >> 8) % (round % 7 == 0 ? 300 * KIB : 9 * KIB);
            if (seed >> 28 == 0)
                now_ns += (int64_t)(seed >> 4) % (CLOCK_NS_PER_S * (round % 11 + 1));
            add(&settling, number, bytes, now_ns);
            assert_true(settling.count <= SETTLING_GROUPS);
            entries[number].at_ns = now_ns;
            entries[number].end = settling.end;
        }

        struct owed listed = {0};
        struct owed again = {0};
        struct loss loss = {0};
        settling_list(&settling, &listed);
        settling_break(&settling, now_ns, 1, &again, &loss);
        assert_int_equal(listed.count, 1);
        assert_int_equal(again.count, 1);
        for (uint64_t number = 1; number <= ENTRIES; number++) {
            int64_t age_ns = now_ns - entries[number].at_ns;
            uint64_t after = settling.end - entries[number].end;

            if (age_ns < settling.settle_ns || after < SETTLING_BYTES)
                assert_true(has(&listed, number) && has(&again, number));
        }
        settling_list(&settling, &again);
        assert_true(owed_count(&again) <= owed_count(&listed));
    }
}

/* The proof in the header: with the sizes and times that make the most groups, none has to go on
 * beyond its span. */
static void there_is_room_for_the_narrowest_groups(void **state)
{
    struct settling settling = {.settle_ns = SETTLE_NS};
    int64_t now_ns = START_NS;

    (void)state;
    for (uint64_t number = 1; number <= 1000; number++) {
        /* two to a group: it spans no more than it must, so the next one begins */
        now_ns += number % 2 ? SETTLE_NS / SETTLING_SPANS : 0;
        add(&settling, number, 32 * KIB, now_ns);
        assert_true(settling.count <= SETTLING_GROUPS);
        for (size_t i = 0; i < settling.count; i++)
            assert_true(
                owed_count(&settling.groups[(settling.oldest + i) % SETTLING_GROUPS].numbers) <= 2);
    }
    assert_int_equal(settling.count, SETTLING_GROUPS);
}

/* Numbers that come out of order, as live and old ones do, all come again. */
static void live_ones_among_old_ones_come_again(void **state)
{
    struct settling settling = {.settle_ns = SETTLE_NS};
    struct owed owed = {0};
    struct loss loss = {0};

    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        add(&settling, 1000 + i, KIB, START_NS);
        for (uint64_t old = 1; old <= 5; old++)
            add(&settling, i * 5 + old, KIB, START_NS);
    }
    settling_break(&settling, START_NS, 1, &owed, &loss);
    assert_int_equal(owed.count, 2);
    assert_int_equal(owed_count(&owed), 600);
}

/* Gone from the ring: lost where it was acknowledged just now, delivered where that is long ago. */
static void what_the_ring_overwrote_meanwhile(void **state)
{
    static const struct {
        int64_t silence_s;
        uint64_t first;
        uint64_t owed;
        struct loss loss;
    } rows[] = {
        {0, 1, 10, {0}},
        {0, 4, 7, {3, EPOCH_S + 1, EPOCH_S + 10}},
        {59, 99, 0, {10, EPOCH_S + 1, EPOCH_S + 10}},
        {60, 4, 7, {0}},
        {60, 99, 0, {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settling settling = {.settle_ns = SETTLE_NS};
        struct owed owed = {0};
        struct loss loss = {0};

        for (uint64_t number = 1; number <= 10; number++)
            add(&settling, number, KIB, START_NS);
        settling_break(&settling, START_NS + rows[i].silence_s * CLOCK_NS_PER_S, rows[i].first,
                       &owed, &loss);
        assert_int_equal(owed_count(&owed), rows[i].owed);
        assert_int_equal(loss.snapshots, rows[i].loss.snapshots);
        assert_int_equal(loss.from_s, rows[i].loss.from_s);
        assert_int_equal(loss.to_s, rows[i].loss.to_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_measures_must_be_met),
        cmocka_unit_test(any_sequence_is_kept_long_enough),
        cmocka_unit_test(there_is_room_for_the_narrowest_groups),
        cmocka_unit_test(live_ones_among_old_ones_come_again),
        cmocka_unit_test(what_the_ring_overwrote_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
