/* What a cycle of the parachute does: one look, judged once, and nothing else beside it. */
#include "tests/unit/guarded.h"

/* The GUARDED_VOTES-th reading activates. */
static void open_full(unsigned interval_s, unsigned cycle_ms)
{
    guarded_open(interval_s, cycle_ms);
    guarded.reading.used_bytes = guarded.reading.free_bytes;
    guarded.reading.free_bytes = 0;
}

static bool activated(void)
{
    return parachute_activated(guard_parachute(guarded.guard));
}

/* However ticks and cycles come, each look counts as one reading. */
static void a_reading_is_judged_once(void **state)
{
    static const struct {
        unsigned cycle_ms;
        unsigned tick_ms; /* between ticks; the configured interval is 1 s */
    } rows[] = {{1000, 1000}, {1000, 100}, {250, 1000}, {3000, 1000}, {700, 1000}, {1000, 60000}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_full(1, rows[i].cycle_ms);
        guard_start(guarded.guard);
        for (unsigned ms = 0; guarded_looks() <= GUARDED_VOTES; ms++) {
            guarded_turn(guarded.now_ns + MS);
            if (ms % rows[i].tick_ms == 0)
                guarded_tick();
            assert_int_equal(guarded.idle, guarded_looks());
            assert_int_equal(activated(), guarded_looks() >= GUARDED_VOTES);
            assert_true(ms < 10 * 3000); /* as many of the longest cycles */
        }
        guarded_close();
    }
}

/* While a disk keeps a cycle waiting no other begins, nor does a tick's; then they go on. */
static void a_cycle_that_hangs(void **state)
{
    (void)state;
    open_full(10, 250);
    guarded.hangs = true;
    guard_start(guarded.guard);
    guarded_turn(guarded.now_ns + GUARDED_LAG_NS);
    for (int i = 0; i < 2 * GUARDED_VOTES; i++) {
        assert_true(guard_cycling(guarded.guard));
        guarded_turn(guarded.now_ns + 400 * MS);
        guarded_tick();
    }
    assert_int_equal(guarded_looks(), 1);
    assert_int_equal(guarded.idle, 0);
    guarded_end();
    assert_false(guard_cycling(guarded.guard));
    assert_int_equal(guarded.idle, 1);
    guarded.hangs = false;
    guarded_turn(guarded.now_ns + 400 * MS);
    assert_in_range(guarded.idle, 2, GUARDED_VOTES - 1);
    assert_false(activated());
    guarded_turn(guarded.now_ns + 500 * MS);
    assert_true(activated());
    guarded_close();
}

static void a_look_that_cannot_begin(void **state)
{
    (void)state;
    guarded_open(10, 1000);
    guarded.refuses = true;
    guard_start(guarded.guard);
    guarded_turn(guarded.now_ns + 4500 * MS);
    assert_int_equal(guarded.alone, 5);
    assert_int_equal(guarded.idle, 0);
    assert_false(guard_cycling(guarded.guard));
    guarded_close();
}

/* As --once has it: no cycles, and one with each tick. */
static void without_cycles_each_tick_has_one(void **state)
{
    (void)state;
    open_full(10, 1000);
    for (int i = 1; i <= GUARDED_VOTES; i++) {
        assert_false(activated());
        assert_true(guarded_tick());
    }
    assert_true(activated());
    assert_null(guarded.timer);
    guarded_close();
}

static void nothing_is_observed(void **state)
{
    struct config none = guarded_config(1, 1000);
    struct observed observed;

    (void)state;
    guarded_open(1, 1000);
    none.disk_count = 0;
    guard_start(guarded.guard);
    assert_non_null(guarded.timer);
    assert_int_equal(observed_make(&observed, &none), 0);
    assert_int_equal(guard_adapt(guarded.guard, &none, &observed), 0);
    assert_null(guarded.timer);
    assert_false(guarded_tick());
    assert_false(guard_overdue(guarded.guard, 0));
    guarded_close();
}

/* However short ago the last cycle was: by the timer, or with a tick that comes first. */
static void another_configuration_is_looked_at_at_once(void **state)
{
    (void)state;
    for (int ticks = 0; ticks < 2; ticks++) {
        struct config next = guarded_config(1, 500);
        struct observed observed;

        guarded_open(1, 1000);
        guard_start(guarded.guard);
        guarded_turn(guarded.now_ns + GUARDED_LAG_NS);
        assert_int_equal(guarded.alone, 1);
        assert_int_equal(observed_make(&observed, &next), 0);
        assert_int_equal(guard_adapt(guarded.guard, &next, &observed), 0);
        assert_null(observed.disks);
        if (ticks)
            guarded_tick();
        guarded_turn(guarded.now_ns + GUARDED_LAG_NS);
        assert_int_equal(guarded.joined, ticks);
        assert_int_equal(guarded.alone, 2 - ticks);
        guarded_turn(guarded.now_ns + 5 * CLOCK_NS_PER_S);
        assert_in_range(guarded_looks(), 11, 12); /* at the new interval */
        guarded_close();
    }
}

static void a_timer_that_does_not_ring(void **state)
{
    (void)state;
    guarded_open(1, 1000);
    assert_false(guard_overdue(guarded.guard, 0)); /* not begun */
    guard_start(guarded.guard);
    guarded_turn(guarded.now_ns + GUARDED_LAG_NS);
    guarded.now_ns = guarded.timer->at_ns + 4999 * MS;
    assert_false(guard_overdue(guarded.guard, 5 * CLOCK_NS_PER_S));
    guarded.now_ns += 2 * MS;
    assert_true(guard_overdue(guarded.guard, 5 * CLOCK_NS_PER_S));
    guarded_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reading_is_judged_once),
        cmocka_unit_test(a_cycle_that_hangs),
        cmocka_unit_test(a_look_that_cannot_begin),
        cmocka_unit_test(without_cycles_each_tick_has_one),
        cmocka_unit_test(nothing_is_observed),
        cmocka_unit_test(another_configuration_is_looked_at_at_once),
        cmocka_unit_test(a_timer_that_does_not_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
