/* How fast old lines go out beside live ones. */
#include "emitter/push/pace.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

#define START_NS (CLOCK_NS_PER_S * 1000)
#define MS CLOCK_NS_PER_MS

/* Old snapshots of `lines` lines go out for a while as soon as they may; gives how many did. Each
 * wait is late by `late_ns`. */
static uint64_t replay(struct pace *pace, size_t lines, int64_t *now_ns, int64_t for_ns,
                       int64_t late_ns)
{
    int64_t end_ns = *now_ns + for_ns;
    uint64_t snapshots = 0;

    while (*now_ns < end_ns) {
        int64_t wait_ns = pace_wait_ns(pace, *now_ns);

        if (wait_ns > 0) {
            *now_ns += wait_ns + late_ns;
            continue;
        }
        pace_charge_old(pace, lines, *now_ns);
        snapshots++;
    }
    return snapshots;
}

static void old_lines_keep_to_the_rate(void **state)
{
    static const struct {
        const char *what;
        unsigned rate;
        size_t lines;
        int64_t late_ns;
    } rows[] = {
        {"as by default", 10000, 50, 0},
        {"waking up late", 10000, 50, 20 * MS},
        {"single lines", 10000, 1, 0},
        {"one a snapshot", 3, 1, 0},
        {"a snapshot is more than a second's worth", 100, 350, 0},
        {"a snapshot is more than a burst", 1000, 60, 3 * MS},
        {"no whole nanoseconds a line", 7, 3, 0},
        {"as fast as can be said", UINT32_MAX, 1000000, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pace pace = {.rate = rows[i].rate};
        int64_t now_ns = START_NS;
        const int64_t seconds = 60;
        uint64_t lines = rows[i].lines * replay(&pace, rows[i].lines, &now_ns,
                                                seconds * CLOCK_NS_PER_S, rows[i].late_ns);
        uint64_t rated = (uint64_t)seconds * rows[i].rate;
        uint64_t burst = rows[i].rate / 20 + rows[i].lines;

        if (lines > rated + burst)
            fail_msg("%s: %lu lines, more than %lu", rows[i].what, (unsigned long)lines,
                     (unsigned long)rated);
        if (lines + burst < rated)
            fail_msg("%s: %lu lines, less than %lu", rows[i].what, (unsigned long)lines,
                     (unsigned long)rated);
    }
}

/* Nobody wakes up for every single snapshot. */
static void a_wait_is_worth_while(void **state)
{
    struct pace pace = {.rate = 10000};
    int64_t now_ns = START_NS;
    unsigned waits = 0;

    (void)state;
    while (now_ns < START_NS + CLOCK_NS_PER_S) {
        int64_t wait_ns = pace_wait_ns(&pace, now_ns);

        if (wait_ns == 0) {
            pace_charge_old(&pace, 1, now_ns);
        } else {
            now_ns += wait_ns;
            waits++;
        }
    }
    assert_in_range(waits, 10, 50);
}

static void live_lines_count_too(void **state)
{
    struct pace pace = {.rate = 10000};
    int64_t now_ns = START_NS;
    uint64_t old = 0;

    (void)state;
    for (unsigned second = 0; second < 60; second++) {
        int64_t end_ns = START_NS + (second + 1) * CLOCK_NS_PER_S;
        pace_charge_live(&pace, 4000, now_ns);
        old += replay(&pace, 50, &now_ns, end_ns - now_ns, 0);
    }
    assert_in_range(old * 50, 59 * 6000, 60 * 6000 + 600);
}

/* Live lines alone are thrice the rate: old ones come at least at half of it, but for the size of
 * a snapshot. */
static void live_lines_do_not_starve_old_ones(void **state)
{
    struct pace pace = {.rate = 10000};
    int64_t now_ns = START_NS;
    uint64_t old = 0;

    (void)state;
    for (unsigned second = 0; second < 60; second++) {
        pace_charge_live(&pace, 30000, now_ns);
        int64_t end_ns = START_NS + (second + 1) * CLOCK_NS_PER_S;
        if (now_ns < end_ns)
            old += replay(&pace, 50, &now_ns, end_ns - now_ns, 0);
    }
    assert_in_range(old * 50, 60 * 4500, 60 * 5600);
}

static void credit_and_debt_are_bounded(void **state)
{
    struct pace pace = {.rate = 1000};
    int64_t now_ns = START_NS;

    (void)state;
    assert_int_equal(pace_wait_ns(&pace, now_ns), 0);
    for (unsigned i = 0; i < 50; i++) { /* all that a day of silence brought */
        pace_charge_old(&pace, 1, now_ns);
        assert_int_equal(pace_wait_ns(&pace, now_ns), 0);
    }
    pace_charge_old(&pace, 1, now_ns);
    assert_true(pace_wait_ns(&pace, now_ns) > 0);

    for (unsigned i = 0; i < 1000; i++)
        pace_charge_live(&pace, 1000, now_ns);
    assert_int_equal(pace_wait_ns(&pace, now_ns + 501 * MS), 0);
    assert_true(pace_wait_ns(&pace, now_ns + 499 * MS) > 0);

    pace_charge_old(&pace, 1000, now_ns); /* old debt is not forgiven, nor does live lessen it */
    pace_charge_live(&pace, 1000, now_ns);
    assert_true(pace_wait_ns(&pace, now_ns + 1499 * MS) > 0);
    assert_int_equal(pace_wait_ns(&pace, now_ns + 1501 * MS), 0);
}

static void without_a_rate_nothing_waits(void **state)
{
    struct pace pace = {0};

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        pace_charge_live(&pace, 1000000, START_NS);
        pace_charge_old(&pace, 1000000, START_NS);
        assert_int_equal(pace_wait_ns(&pace, START_NS), 0);
    }
}

/* What is not paid for yet costs what the new rate says; credit stays credit. */
static void another_rate(void **state)
{
    static const struct {
        unsigned from;
        unsigned to;
        size_t lines;
        int64_t wait_ns; /* before the next one, of which 25 ms are so that it is worth while */
    } rows[] = {
        {1, 1000, 2001, 1951 * MS + 25 * MS},
        {1000, 1, 2050, 2000 * CLOCK_NS_PER_S + 25 * MS},
        {100, 100, 205, 2000 * MS + 25 * MS},
        {UINT32_MAX, 1, 0, 0},
        {1, 0, 100, 0},
        {0, 10, 100, 0},
        {1, 1000000000, 4000000, 4 * MS + 25 * MS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pace pace = {.rate = rows[i].from};

        pace_charge_old(&pace, rows[i].lines, START_NS);
        pace_set_rate(&pace, rows[i].to, START_NS);
        int64_t wait_ns = pace_wait_ns(&pace, START_NS);
        if (wait_ns < rows[i].wait_ns - 50 * MS || wait_ns > rows[i].wait_ns + 50 * MS)
            fail_msg("row %zu: %ld", i, (long)wait_ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_lines_keep_to_the_rate),
        cmocka_unit_test(a_wait_is_worth_while),
        cmocka_unit_test(live_lines_count_too),
        cmocka_unit_test(live_lines_do_not_starve_old_ones),
        cmocka_unit_test(credit_and_debt_are_bounded),
        cmocka_unit_test(without_a_rate_nothing_waits),
        cmocka_unit_test(another_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
