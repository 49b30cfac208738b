/* Other rules and commands while it runs: from when they count, and what goes on under them. */
#include "base/log.h"
#include "tests/unit/heard.h"
#include "tests/unit/ruled.h"

static void new_rules_count_from_the_next_cycle(void **state)
{
    struct fake_parachute on;

    (void)state;
    start(&on);
    fake_look(&on, 50, 50, 50);
    on.disks[0].rule.threshold_percent = on.disks[0].rule.release_percent = 40;
    adapt(&on, "abc");
    assert_false(parachute_activated(on.parachute));
    fake_look(&on, 50, 50, 50);
    assert_true(operate_disk(on.parachute, 0).verdict->activated);
    on.disks[0].rule.threshold_percent = on.disks[0].rule.release_percent = 60;
    on.disks[0].rule.latch = true;
    adapt(&on, "abc");
    fake_look(&on, 50, 50, 50);
    assert_true(parachute_activated(on.parachute));
    on.disks[0].rule.latch = false;
    adapt(&on, "abc");
    fake_look(&on, 50, 50, 50);
    assert_false(parachute_activated(on.parachute));
    fake_end(&on);
}

/* Its time to the release goes on; it is begun anew by nothing but a reading. */
static void a_release_under_way_goes_on(void **state)
{
    struct fake_parachute on;

    (void)state;
    fake_init(&on);
    on.disks[0].rule.release_after_ns = INT64_MAX;
    fake_start(&on);
    fake_look(&on, 90, 50, 50);
    fake_look(&on, 50, 50, 50);
    int64_t since_ns = operate_disk(on.parachute, 0).verdict->clear_since_ns;
    assert_true(since_ns > 0);
    adapt(&on, "ba");
    fake_look(&on, 50, 50, 0);
    assert_int_equal(operate_disk(on.parachute, 1).verdict->clear_since_ns, since_ns);
    assert_true(parachute_activated(on.parachute));
    fake_end(&on);
}

/* Two of three readings; the count begins anew where it is another one. */
static void the_readings_that_count(void **state)
{
    static const struct {
        unsigned times, cycles;
        unsigned more; /* readings until it is activated, after the first */
    } rows[] = {{2, 3, 2}, {2, 4, 2}, {3, 3, 3}, {1, 3, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake_parachute on;

        fake_init(&on);
        on.disks[0].rule.times = 2;
        on.disks[0].rule.cycles = 3;
        fake_start(&on);
        fake_look(&on, 90, 50, 50);
        on.disks[0].rule.times = rows[i].times;
        on.disks[0].rule.cycles = rows[i].cycles;
        adapt(&on, "abc");
        for (unsigned k = 1; k <= rows[i].more; k++) {
            assert_false(parachute_activated(on.parachute));
            fake_look(&on, 90, 50, 50);
        }
        assert_true(parachute_activated(on.parachute));
        on.disks[0].rule.cycles = 64; /* what is activated stays so */
        adapt(&on, "abc");
        fake_look(&on, 90, 50, 50);
        assert_true(parachute_activated(on.parachute));
        fake_end(&on);
    }
}

/* A cycle follows each reload at once; it is no further one. */
static void reloads_have_no_vote(void **state)
{
    struct fake_parachute on;

    (void)state;
    fake_init(&on);
    on.disks[0].rule.times = 3;
    on.disks[0].rule.cycles = 3;
    fake_start(&on);
    fake_look(&on, 90, 50, 50);
    for (unsigned i = 0; i < 100; i++) {
        adapt(&on, "abc");
        if (i % 3 == 0)
            fake_look(&on, -2, 50, 50); /* blind: that counts for nothing, and costs nothing */
        fake_look(&on, 90, 50, 50);
        assert_false(parachute_activated(on.parachute));
    }
    fake_look(&on, 90, 50, 50);
    assert_false(parachute_activated(on.parachute));
    fake_look(&on, 90, 50, 50);
    assert_true(parachute_activated(on.parachute));
    fake_end(&on);
}

static void held_off_and_blind_stay_so_and_are_not_told_again(void **state)
{
    struct fake_parachute on;
    char why[OPERATE_WHY_MAX];
    char said[4096];

    (void)state;
    start(&on);
    fake_look(&on, 90, -2, 50);
    assert_int_equal(operate_reset(on.parachute, 0, true, why), 0);
    fake_look(&on, 90, -2, 50);
    log_open(LOG_LEVEL_WARNING);
    hear_log();
    adapt(&on, "abc");
    fake_look(&on, 90, -2, 50);
    heard_log(said);
    log_open(LOG_LEVEL_ERROR);
    assert_string_equal(said, "");
    assert_true(operate_disk(on.parachute, 0).verdict->held_off);
    assert_false(parachute_activated(on.parachute));
    fake_end(&on);
}

static void commands_are_the_new_ones(void **state)
{
    char *argv[] = {"/bin/other", NULL};
    struct fake_parachute on;

    (void)state;
    start(&on);
    fake_look(&on, 50, 50, 50);
    assert_null(operate_command(on.parachute, PLAN_RELEASE)->argv);
    on.options.commands[PLAN_RELEASE] = (struct order_command){.argv = argv};
    adapt(&on, "ab");
    assert_string_equal(operate_command(on.parachute, PLAN_RELEASE)->argv[0], "/bin/other");
    struct order *order = operate_order(on.parachute, 1, PLAN_RELEASE);
    assert_string_equal(order->argv[0], "/bin/other");
    free(order);
    fake_end(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_rules_count_from_the_next_cycle),
        cmocka_unit_test(a_release_under_way_goes_on),
        cmocka_unit_test(the_readings_that_count),
        cmocka_unit_test(reloads_have_no_vote),
        cmocka_unit_test(held_off_and_blind_stay_so_and_are_not_told_again),
        cmocka_unit_test(commands_are_the_new_ones),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
