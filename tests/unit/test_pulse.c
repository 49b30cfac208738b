/* A tick at each slot while somebody sets the wall clock, at the worst moments. */
#include "base/log.h"
#include "tests/unit/pulsed.h"

/* The slots of the ticks are `first_s` and those after it, so many, and no other. */
static void assert_slots(int64_t first_s, size_t count)
{
    assert_int_equal(pulsed.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pulsed.slots[i], first_s + (int64_t)i * INTERVAL_S);
}

static void the_timer_goes_on_by_itself(void **state)
{
    (void)state;
    pulsed_open();
    pulsed_run(100 * INTERVAL_S * S);
    assert_slots(INTERVAL_S, 100);
    assert_int_equal(pulsed.settings, 1);
    pulsed_close();
}

struct step {
    int64_t by_s;
    int64_t first_s; /* the slot of the next tick */
    size_t count;    /* ticks in the 50 s from then on */
};

/* At 25: the next tick was to be at 30. */
static void the_clock_is_set_between_two(void **state)
{
    const struct step steps[] = {{3600, 3620, 6}, {-3600, -3580, 6}, {7, 30, 6}, {3, 30, 5},
                                 {-3, 30, 5},     {-7, 30, 4},       {0, 30, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        pulsed_open();
        pulsed_run(25 * S);
        assert_slots(10, 2);
        pulsed.count = 0;
        pulsed_set_clock(steps[i].by_s * S);
        pulsed_run(50 * S);
        assert_slots(steps[i].first_s, steps[i].count);
        pulsed_close();
    }
}

/* At 30, when the timer has expired, and nobody has read that yet. */
static void the_clock_is_set_as_it_rings(void **state)
{
    const struct step steps[] = {{3600, 3630, 6}, {-3600, -3570, 6}, {11, 40, 6}, {7, 30, 6},
                                 {3, 30, 6},      {-3, 30, 5},       {0, 30, 6}};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        pulsed_open();
        pulsed_run(25 * S);
        pulsed.count = 0;
        pulsed_pass(5 * S);
        pulsed_set_clock(steps[i].by_s * S);
        pulsed_run(50 * S);
        assert_slots(steps[i].first_s, steps[i].count);
        pulsed_close();
    }
}

/* At 0, after the first tick: a new slot that has begun is not left out. */
static void the_clock_is_set_as_the_timer_is(void **state)
{
    const struct step steps[] = {{3600, 3600, 6}, {-3600, -3590, 5}, {12, 10, 6}, {3, 10, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        pulsed_meanwhile_ns = steps[i].by_s * S;
        pulsed_open();
        pulsed_run(50 * S);
        assert_slots(steps[i].first_s, steps[i].count);
        pulsed_close();
    }
}

/* What is due meanwhile, of an older or a newer time, waits for its end. */
static void the_clock_is_set_while_a_tick_hangs(void **state)
{
    (void)state;
    pulsed_open();
    pulsed.hangs = true;
    pulsed_run(22 * S);
    pulsed.hangs = false;
    pulsed_set_clock(3600 * S);
    pulsed_run(S);
    assert_slots(0, 0);
    pulsed_end_tick();
    assert_int_equal(pulsed.count, 2);
    assert_int_equal(pulsed.slots[0], 10);
    assert_int_equal(pulsed.slots[1], 3620);
    pulsed.count = 0;
    pulsed_run(30 * S);
    assert_slots(3630, 3);
    pulsed_close();
}

static void what_passed_wholly_is_left_out(void **state)
{
    (void)state;
    pulsed_open();
    pulsed_pass(35 * S);
    pulsed_run(50 * S);
    assert_slots(30, 6);
    pulsed_close();
}

/* Steps of any size at any moment: the next tick is never further off than two slots, one of them
 * emitted, and no slot comes twice unless the clock was set back. */
static void steps_without_end(void **state)
{
    uint32_t random = 1;

    (void)state;
    log_open(LOG_LEVEL_ERROR); /* each step would be told */
    pulsed_open();
    for (int i = 0; i < 100000; i++) {
        random = random * 1664525 + 1013904223;
        int64_t amount_ns = (random >> 12) % 30000 * CLOCK_NS_PER_MS;
        int64_t step_ns = (random & 1U << 9) ? amount_ns : -amount_ns;

        switch (random >> 10 & 3) {
        case 0:
            pulsed_pass(amount_ns);
            break;
        case 1:
            pulsed_set_clock(step_ns);
            break;
        case 2:
            pulsed_meanwhile_ns = step_ns;
            break;
        default:
            pulsed_run(amount_ns);
        }
        if (random & 1U << 8)
            continue;
        pulsed_turn();
        assert_true(pulsed.armed);
        assert_true(pulsed.at_ns - pulsed.wall_ns <= 2 * INTERVAL_S * S);
        pulsed.count = 0;
    }
    pulsed_close();
}

static void without_a_timer_somebody_is_told(void **state)
{
    (void)state;
    pulsed_open();
    pulsed.refuses = EINVAL;
    pulsed_set_clock(3 * S);
    pulsed_run(0);
    assert_int_equal(pulsed.failed, 1);
    pulsed_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_timer_goes_on_by_itself),
        cmocka_unit_test(the_clock_is_set_between_two),
        cmocka_unit_test(the_clock_is_set_as_it_rings),
        cmocka_unit_test(the_clock_is_set_as_the_timer_is),
        cmocka_unit_test(the_clock_is_set_while_a_tick_hangs),
        cmocka_unit_test(what_passed_wholly_is_left_out),
        cmocka_unit_test(steps_without_end),
        cmocka_unit_test(without_a_timer_somebody_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
