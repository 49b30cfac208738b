/* When a snapshot is due, under a fake clock with steps and suspend. */
#include "agent/tick.h"
#include "base/clock.h"
#include "tests/unit/unit.h"

#define NONE (-1)
#define MAX_STEPS 8

/* A look at the clocks, in milliseconds after a base that is a multiple of every interval used. */
struct moment {
    int64_t wall_ms;
    int64_t boot_ms;
    int64_t slot_s; /* expected, relative to the base, or NONE */
    int64_t step_s; /* expected */
};

struct history {
    const char *what;
    unsigned interval_s;
    unsigned offset_s;
    struct moment moments[MAX_STEPS]; /* until one with all zero */
};

#define BASE_S INT64_C(1594380600)

static const struct history histories[] = {
    {"the running slot at start, then each slot once",
     10,
     0,
     {{1234, 1234, 0, 0},
      {9999, 9999, NONE, 0},
      {10000, 10000, 10, 0},
      {10001, 10001, NONE, 0},
      {20050, 20050, 20, 0}}},
    {"an offset moves the slots",
     10,
     3,
     {{2999, 2999, -7, 0}, {3000, 3000, 3, 0}, {13000, 13000, 13, 0}}},
    {"a late tick keeps its slot, one that passed is left out",
     10,
     0,
     {{100, 100, 0, 0}, {19900, 19900, 10, 0}, {20000, 20000, 20, 0}, {57000, 57000, 50, 0}}},
    {"suspend is no step: slots are left out, nothing is said",
     1,
     0,
     {{100, 100, 0, 0}, {3600500, 3600500, 3600, 0}, {3601000, 3601000, 3601, 0}}},
    {"set back by less than an interval: no slot twice",
     10,
     0,
     {{100, 100, 0, 0},
      {10100, 10100, 10, 0},
      {5100, 10200, NONE, 0},
      {10100, 15200, NONE, 0},
      {19999, 25099, NONE, 0},
      {20000, 25100, 20, 0}}},
    {"set back twice by less than an interval each: no pause beyond one",
     10,
     0,
     {{10100, 10100, 10, 0}, {4100, 10200, NONE, 0}, {-1000, 10300, -10, -11}, {0, 11300, 0, 0}}},
    {"set back by more: on at once with the new time",
     10,
     0,
     {{3600100, 3600100, 3600, 0}, {100, 3600200, 0, -3600}, {10000, 3610100, 10, 0}}},
    {"set back by just an interval: the new time at once",
     10,
     0,
     {{19000, 19000, 10, 0}, {9000, 19000, 0, -10}, {10000, 20000, 10, 0}}},
    {"set forward by more: on at once, said once",
     10,
     0,
     {{100, 100, 0, 0},
      {7200200, 200, 7200, 7200},
      {7200200, 300, NONE, 0},
      {7210000, 10100, 7210, 0}}},
    {"set forward by less is just a slot that comes early",
     10,
     0,
     {{100, 100, 0, 0}, {10100, 5100, 10, 0}, {20000, 15000, 20, 0}}},
};

static void histories_give_their_slots(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        const struct history *history = &histories[i];
        struct tick tick = tick_make(history->interval_s, history->offset_s);

        for (size_t k = 0; k < MAX_STEPS; k++) {
            const struct moment *moment = &history->moments[k];
            int64_t slot_s = 0;
            int64_t step_ns = 0;

            if (moment->wall_ms == 0 && moment->boot_ms == 0)
                break;
            bool due = tick_due(&tick, BASE_S * CLOCK_NS_PER_S + moment->wall_ms * CLOCK_NS_PER_MS,
                                moment->boot_ms * CLOCK_NS_PER_MS, &slot_s, &step_ns);
            if (due != (moment->slot_s != NONE) || (due && slot_s - BASE_S != moment->slot_s) ||
                step_ns / CLOCK_NS_PER_S != moment->step_s)
                fail_msg("%s: moment %zu: due %d, slot %+lld, step %lld", history->what, k, due,
                         (long long)(slot_s - BASE_S), (long long)(step_ns / CLOCK_NS_PER_S));
        }
    }
}

static void nothing_before_the_clock_is_set(void **state)
{
    struct tick tick = tick_make(10, 0);
    int64_t slot_s = 0;
    int64_t step_ns = 0;

    (void)state;
    assert_false(tick_due(&tick, 5 * CLOCK_NS_PER_S, 0, &slot_s, &step_ns));
    assert_int_equal(tick_next_ns(&tick, 5 * CLOCK_NS_PER_S), TICK_EPOCH_S * CLOCK_NS_PER_S);
    assert_true(tick_due(&tick, TICK_EPOCH_S * CLOCK_NS_PER_S, 1, &slot_s, &step_ns));
    assert_int_equal(slot_s, TICK_EPOCH_S);
    assert_int_equal(step_ns, 0);

    /* Nor a slot that began before: its timestamp would have nine digits. */
    tick = tick_make(3600, 0);
    assert_false(tick_due(&tick, (TICK_EPOCH_S + 1) * CLOCK_NS_PER_S, 0, &slot_s, &step_ns));
}

/* Waking where tick_next_ns says and nowhere else gives every slot just once, whatever small steps
 * come. */
static void waking_as_told_misses_nothing(void **state)
{
    struct tick tick = tick_make(10, 7);
    int64_t wall_ns = BASE_S * CLOCK_NS_PER_S + 123;
    int64_t boot_ns = 55;
    int64_t last_s = 0;
    int64_t slot_s = 0;
    int64_t step_ns = 0;

    (void)state;
    assert_true(tick_due(&tick, wall_ns, boot_ns, &last_s, &step_ns));
    for (int i = 0; i < 100; i++) {
        if (i % 7 == 3)
            wall_ns -= 3 * CLOCK_NS_PER_S; /* the clock is set back a little */
        int64_t next_ns = tick_next_ns(&tick, wall_ns);
        assert_true(next_ns > wall_ns);
        assert_true(next_ns - wall_ns <= 20 * CLOCK_NS_PER_S);
        boot_ns += next_ns - wall_ns;
        wall_ns = next_ns;
        assert_true(tick_due(&tick, wall_ns, boot_ns, &slot_s, &step_ns));
        assert_int_equal(slot_s, last_s + 10);
        last_s = slot_s;
    }
}

/* A tick that works past the next slot's begin: that slot is due at once, not left out. */
static void a_slot_that_began_meanwhile_is_not_left_out(void **state)
{
    struct tick tick = tick_make(1, 0);
    int64_t wall_ns = BASE_S * CLOCK_NS_PER_S + 950 * CLOCK_NS_PER_MS;
    int64_t slot_s = 0;
    int64_t step_ns = 0;

    (void)state;
    assert_true(tick_due(&tick, wall_ns, 0, &slot_s, &step_ns));
    wall_ns += 100 * CLOCK_NS_PER_MS;
    assert_int_equal(tick_next_ns(&tick, wall_ns), wall_ns);
    assert_true(tick_due(&tick, wall_ns, 100 * CLOCK_NS_PER_MS, &slot_s, &step_ns));
    assert_int_equal(slot_s, BASE_S + 1);
}

/* After a restart the running slot is not emitted again where the ring has it. */
static void the_slot_of_the_newest_snapshot_is_not_due(void **state)
{
    static const struct {
        int64_t newest_s; /* relative to the base */
        bool due;
    } rows[] = {{0, false}, {-10, true}, {7, false}, {9, true}, {10, true}, {-BASE_S - 1, true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tick tick = tick_make(10, 0);
        int64_t wall_ns = BASE_S * CLOCK_NS_PER_S + 8 * CLOCK_NS_PER_S;
        int64_t slot_s = 0;
        int64_t step_ns = 0;

        tick_resume(&tick, BASE_S + rows[i].newest_s, wall_ns, 0);
        assert_int_equal(tick_due(&tick, wall_ns, 0, &slot_s, &step_ns), rows[i].due);
        if (!rows[i].due) {
            wall_ns = tick_next_ns(&tick, wall_ns);
            assert_int_equal(wall_ns, (BASE_S + 10) * CLOCK_NS_PER_S);
            assert_true(tick_due(&tick, wall_ns, 2 * CLOCK_NS_PER_S, &slot_s, &step_ns));
        }
        assert_int_equal(step_ns, 0);
        assert_int_equal(slot_s, rows[i].due ? BASE_S : BASE_S + 10);
    }
}

/* From any slots to any others at any moment: nothing twice, nothing older, and no wait of more
 * than one of the new intervals. */
static void other_slots_from_now_on(void **state)
{
    static const struct {
        unsigned interval_s;
        unsigned offset_s;
    } slots[] = {{1, 0}, {2, 1}, {7, 3}, {10, 0}, {10, 9}, {60, 30}, {3600, 1800}};
    const size_t count = sizeof slots / sizeof *slots;

    (void)state;
    for (size_t i = 0; i < count * count * 120; i++) {
        size_t from = i % count;
        size_t to = i / count % count;
        int64_t wall_ns = BASE_S * CLOCK_NS_PER_S;
        int64_t later_ns = (int64_t)(i / count / count) * CLOCK_NS_PER_S / 4; /* 0..30 s */
        int64_t last_s = 0;
        int64_t slot_s = 0;
        int64_t step_ns = 0;
        struct tick tick = tick_make(slots[from].interval_s, slots[from].offset_s);

        assert_true(tick_due(&tick, wall_ns, 0, &last_s, &step_ns));
        if (tick_due(&tick, wall_ns + later_ns, later_ns, &slot_s, &step_ns))
            last_s = slot_s;
        tick_adapt(&tick, slots[to].interval_s, slots[to].offset_s);
        for (int turn = 0; turn < 3; turn++) {
            int64_t next_ns = tick_next_ns(&tick, wall_ns + later_ns) - wall_ns;

            assert_in_range(next_ns - later_ns, 0, slots[to].interval_s * CLOCK_NS_PER_S);
            later_ns = next_ns;
            assert_true(tick_due(&tick, wall_ns + later_ns, later_ns, &slot_s, &step_ns));
            assert_true(slot_s > last_s);
            assert_int_equal(slot_s % slots[to].interval_s, slots[to].offset_s);
            assert_int_equal(step_ns, 0);
            last_s = slot_s;
        }
    }
}

/* Longer slots and shorter ones again, within one slot: what was emitted is not emitted again. */
static void other_slots_and_back(void **state)
{
    int64_t slot_s = 0;
    int64_t step_ns = 0;

    (void)state;
    for (unsigned other_s = 1; other_s <= 60; other_s++)
        for (unsigned back_s = 1; back_s <= 3; back_s++) {
            struct tick tick = tick_make(1, 0);
            int64_t wall_ns = (BASE_S + 27) * CLOCK_NS_PER_S;
            int64_t last_s = 0;

            assert_true(tick_due(&tick, wall_ns, 0, &last_s, &step_ns));
            tick_adapt(&tick, other_s, 0);
            assert_false(tick_due(&tick, wall_ns + 1000, 1000, &slot_s, &step_ns));
            tick_adapt(&tick, back_s, 0);
            assert_false(tick_due(&tick, wall_ns + 2000, 2000, &slot_s, &step_ns));
            int64_t next_ns = tick_next_ns(&tick, wall_ns + 2000);
            assert_in_range(next_ns - wall_ns, 1, back_s * CLOCK_NS_PER_S);
            assert_true(tick_due(&tick, next_ns, next_ns - wall_ns, &slot_s, &step_ns));
            assert_true(slot_s > last_s);
        }
}

/* Before the first slot there is none to go by. */
static void other_slots_before_the_first(void **state)
{
    struct tick tick = tick_make(10, 0);
    int64_t slot_s = 0;
    int64_t step_ns = 0;

    (void)state;
    tick_adapt(&tick, 2, 1);
    assert_true(tick_due(&tick, BASE_S * CLOCK_NS_PER_S, 0, &slot_s, &step_ns));
    assert_int_equal(slot_s, BASE_S - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_slots_from_now_on),
        cmocka_unit_test(other_slots_and_back),
        cmocka_unit_test(other_slots_before_the_first),
        cmocka_unit_test(histories_give_their_slots),
        cmocka_unit_test(nothing_before_the_clock_is_set),
        cmocka_unit_test(waking_as_told_misses_nothing),
        cmocka_unit_test(a_slot_that_began_meanwhile_is_not_left_out),
        cmocka_unit_test(the_slot_of_the_newest_snapshot_is_not_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
