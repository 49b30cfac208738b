/* When the parachute's cycles come, and which of them join a tick. */
#include "tests/unit/guarded.h"

#define PHASES 16 /* of the ticks, after the first cycle */

struct pair {
    const char *what;
    unsigned interval_s;
    unsigned cycle_ms;
    /* Once settled, from a tick with a cycle on: so many ticks have so many cycles with them, and
     * so many come alone. */
    int ticks, joined, alone;
};

static const struct pair pairs[] = {
    {"the same: each tick has the cycle", 1, 1000, 20, 20, 0},
    {"the same, and long", 3600, 3600000, 20, 20, 0},
    {"a multiple of the cycle: each tick has one", 10, 2000, 10, 10, 40},
    {"a multiple, short cycles", 1, 250, 10, 10, 30},
    {"a multiple, the shortest cycles", 1, 100, 10, 10, 90},
    {"a longer cycle, in step: each with a tick, none early", 1, 2000, 20, 10, 0},
    {"a longer cycle, three ticks", 1, 3000, 30, 10, 0},
    {"a longer cycle, ten ticks", 1, 10000, 100, 10, 0},
    {"a longer cycle out of step: the nearest tick will do", 1, 2400, 20, 10, 0},
    {"a longer cycle, half of them alone", 2, 3000, 30, 10, 10},
    {"no common measure", 1, 700, 20, 10, 20},
    {"no common measure, short cycles", 1, 400, 20, 10, 40},
    {"no common measure, long ones", 10, 7000, 20, 10, 20},
};
#define PAIRS (sizeof pairs / sizeof *pairs)

static int64_t leeway_ns(const struct pair *pair)
{
    return (pair->cycle_ms / 10 < 50 ? pair->cycle_ms / 10 : 50) * MS;
}

/* Half a parachute interval at least lies between two cycles, and one and a half at most. */
static void assert_distances(const struct pair *pair)
{
    int64_t longest_ns = pair->cycle_ms * MS * 3 / 2 + leeway_ns(pair) + GUARDED_LAG_NS;

    if (guarded.shortest_ns < pair->cycle_ms * MS / 2 || guarded.longest_ns > longest_ns)
        fail_msg("%s: from %lld to %lld ms between two cycles", pair->what,
                 (long long)(guarded.shortest_ns / MS), (long long)(guarded.longest_ns / MS));
}

/* A tick that is due then comes a little late. Gives whether a cycle began with it. */
static bool tick_at(int64_t at_ns)
{
    guarded_turn(at_ns + guarded_lag_ns());
    return guarded_tick();
}

static void settle_and_count(const struct pair *pair, int phase)
{
    int64_t interval_ns = pair->interval_s * CLOCK_NS_PER_S;
    int64_t longer_ns = interval_ns > pair->cycle_ms * MS ? interval_ns : pair->cycle_ms * MS;

    guarded_open(pair->interval_s, pair->cycle_ms);
    guard_start(guarded.guard);
    int64_t at_ns = guarded.now_ns + interval_ns * phase / PHASES;
    int64_t settled_ns = guarded.now_ns + 10 * longer_ns;

    guarded_turn(guarded.now_ns + GUARDED_LAG_NS); /* the first cycle */
    while (!tick_at(at_ns) || at_ns < settled_ns) {
        at_ns += interval_ns;
        assert_true(at_ns < settled_ns + 10 * longer_ns);
    }
    guarded.joined = 1;
    guarded.alone = 0;
    for (int i = 1; i < pair->ticks; i++)
        tick_at(at_ns += interval_ns);
    guarded_turn(at_ns + interval_ns - 1);
    if (guarded.joined != pair->joined || guarded.alone != pair->alone)
        fail_msg("%s: phase %d: %d joined, %d alone", pair->what, phase, guarded.joined,
                 guarded.alone);
    assert_distances(pair);
    guarded_close();
}

static void cycles_join_ticks(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++)
        for (int phase = 0; phase < PHASES; phase++)
            settle_and_count(&pairs[i], phase);
}

/* A clock that is set over and over forces ticks: cycles come all the same. */
static void forced_ticks_do_not_keep_cycles_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++)
        for (int per_cycle = 1; per_cycle <= 40; per_cycle++) {
            int64_t apart_ns = pairs[i].cycle_ms * MS / per_cycle;

            guarded_open(pairs[i].interval_s, pairs[i].cycle_ms);
            guard_start(guarded.guard);
            for (int tick = 0; tick < 20 * per_cycle; tick++)
                tick_at(guarded.now_ns + apart_ns);
            assert_true(guarded_looks() > 10);
            assert_distances(&pairs[i]);
            guarded_close();
        }
}

/* A tick comes nearly half an interval after a cycle: the next cycle waits for the next tick. */
static void a_cycle_is_put_off(void **state)
{
    const struct pair *same = &pairs[0];

    (void)state;
    guarded_open(same->interval_s, same->cycle_ms);
    guard_start(guarded.guard);
    guarded_turn(guarded.now_ns + GUARDED_LAG_NS);
    assert_int_equal(guarded.alone, 1);
    int64_t at_ns = guarded.begun_ns + 490 * MS;
    guarded_turn(at_ns);
    assert_false(guarded_tick()); /* it was not long ago */
    guarded_turn(at_ns + 999 * MS);
    assert_int_equal(guarded.alone, 1);
    guarded_turn(at_ns + 1000 * MS);
    assert_true(guarded_tick());
    guarded_close();
}

/* The cycle does not wait for a tick that is late, and is in step again by the third one after. */
static void late_ticks(void **state)
{
    const struct pair *same = &pairs[0];

    (void)state;
    for (int64_t late_ms = 0; late_ms < 1000; late_ms += 10) {
        guarded_open(same->interval_s, same->cycle_ms);
        guard_start(guarded.guard);
        int64_t at_ns = guarded.now_ns;
        for (int i = 0; i < 5; i++)
            tick_at(at_ns += CLOCK_NS_PER_S);
        assert_int_equal(guarded.begun_ns, guarded.now_ns);

        at_ns += CLOCK_NS_PER_S;
        guarded_turn(at_ns + late_ms * MS);
        bool came_alone = guarded.begun_ns >= at_ns;
        if (late_ms > 50 + 2 * GUARDED_LAG_NS / MS)
            assert_true(came_alone);
        if (late_ms < 40)
            assert_false(came_alone);
        guarded_tick();
        for (int i = 0; i < 2; i++)
            tick_at(at_ns += CLOCK_NS_PER_S);
        for (int i = 0; i < 5; i++) {
            int alone = guarded.alone;

            assert_true(tick_at(at_ns += CLOCK_NS_PER_S));
            assert_int_equal(guarded.alone, alone);
        }
        assert_distances(same);
        guarded_close();
    }
}

/* After a stop all is due at once, and one moment counts once; what was missed is left out. */
static void a_stopped_process(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++)
        for (int stop = 0; stop < 100; stop++) {
            int64_t cycle = pairs[i].cycle_ms * MS;

            guarded_open(pairs[i].interval_s, pairs[i].cycle_ms);
            guard_start(guarded.guard);
            tick_at(guarded.now_ns);
            guarded_turn(guarded.now_ns + 3 * cycle);
            int before = guarded_looks();
            guarded.now_ns += cycle * stop / 20;
            if (stop % 2)
                guarded_tick(); /* the tick rings first */
            guarded_turn(guarded.now_ns + GUARDED_LAG_NS);
            guarded_tick();
            assert_in_range(guarded_looks(), before, before + 1);
            guarded_turn(guarded.now_ns + 3 * cycle);
            assert_true(guarded.shortest_ns >= cycle / 2);
            assert_in_range(guarded_looks(), before + 2, before + 4);
            guarded_close();
        }
}

/* Where ticks are an hour apart the cycles come by themselves, and do not drift. */
static void no_ticks(void **state)
{
    static const int64_t cycles_ms[] = {100, 250, 700, 1000, 3000};

    (void)state;
    for (size_t i = 0; i < sizeof cycles_ms / sizeof *cycles_ms; i++) {
        guarded_open(3600, (unsigned)cycles_ms[i]);
        int64_t start_ns = guarded.now_ns;
        guard_start(guarded.guard);
        guarded_turn(start_ns + 1000 * cycles_ms[i] * MS + GUARDED_LAG_NS);
        assert_int_equal(guarded.alone, 1001);
        assert_in_range(guarded.begun_ns - start_ns - 1000 * cycles_ms[i] * MS, 0, GUARDED_LAG_NS);
        guarded_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles_join_ticks),
        cmocka_unit_test(forced_ticks_do_not_keep_cycles_away),
        cmocka_unit_test(a_cycle_is_put_off),
        cmocka_unit_test(late_ticks),
        cmocka_unit_test(a_stopped_process),
        cmocka_unit_test(no_ticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
