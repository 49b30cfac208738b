/* What an operator may do to the parachute, and what it makes of that. */
#include "tests/unit/fakeactor.h"

#include "base/log.h"

static void disks_are_found_by_name_and_by_mount_point(void **state)
{
    struct fake_parachute on;

    (void)state;
    fake_init(&on);
    fake_start(&on);
    assert_int_equal(operate_disks(on.parachute), FAKE_DISKS);
    assert_int_equal(operate_find(on.parachute, "b"), 1);
    assert_int_equal(operate_find(on.parachute, "/mnt/c"), 2);
    assert_int_equal(operate_find(on.parachute, "/mnt/c/"), 2);
    assert_int_equal(operate_find(on.parachute, "/mnt/c/d"), FAKE_DISKS);
    assert_int_equal(operate_find(on.parachute, ""), FAKE_DISKS);
    fake_look(&on, 50, -1, -1);
    assert_true(operate_disk(on.parachute, 1).observed);
    assert_false(operate_disk(on.parachute, 2).observed);
    assert_int_equal(operate_disk(on.parachute, 0).verdict->used_percent, 50);
    assert_int_equal(operate_disk(on.parachute, 0).since_s, 0);
    fake_end(&on);
}

#define ALL FAKE_DISKS
#define LOOKS 3 /* the last one is repeated */

/* Thresholds are 80; latched disks stay activated below. */
static const struct reset_case {
    const char *what;
    bool latch;
    bool missing; /* counts as full: the first disk */
    bool force;
    int looks[LOOKS][FAKE_DISKS];
    size_t index;
    const char *why;   /* NULL: it is done */
    const char *calls; /* what the actor is told */
    const char *after; /* of each disk: '-', activated, held off */
} reset_cases[] = {
    {"nothing is activated",
     false,
     false,
     false,
     {{50, 50, 50}},
     ALL,
     NULL,
     "tell(0: ) reset ",
     "---"},
    {"latched, below now",
     true,
     false,
     false,
     {{90, 50, 50}, {70, 50, 50}},
     0,
     NULL,
     "tell(0: ) reset ",
     "---"},
    {"one of two",
     true,
     false,
     false,
     {{90, 90, 50}, {70, 70, 50}},
     0,
     NULL,
     "tell(1: b) reset ",
     "-a-"},
    {"all of two",
     true,
     false,
     false,
     {{90, 90, 50}, {70, 70, 50}},
     ALL,
     NULL,
     "tell(0: ) reset ",
     "---"},
    {"still over",
     false,
     false,
     false,
     {{86, 50, 50}},
     0,
     "a is still over its threshold: 86% used, threshold 80%; --force releases it all the same",
     "",
     "a--"},
    {"all, one of them still over",
     true,
     false,
     false,
     {{90, 90, 50}, {70, 86, 50}},
     ALL,
     "b is still over its threshold: 86% used, threshold 80%; --force releases it all the same",
     "",
     "aa-"},
    {"the other one is still over",
     true,
     false,
     false,
     {{90, 90, 50}, {70, 86, 50}},
     0,
     NULL,
     "tell(1: b) reset ",
     "-a-"},
    {"by force", false, false, true, {{86, 50, 50}}, 0, NULL, "tell(0: ) reset ", "h--"},
    {"all by force, one is below",
     true,
     false,
     true,
     {{90, 90, 50}, {70, 86, 50}},
     ALL,
     NULL,
     "tell(0: ) reset ",
     "-h-"},
    {"cannot be read since it was over",
     false,
     false,
     false,
     {{86, 50, 50}, {-2, 50, 50}},
     0,
     "a is still over its threshold: 86% used, threshold 80%; --force releases it all the same",
     "",
     "a--"},
    {"cannot be read since it was below",
     true,
     false,
     false,
     {{86, 50, 50}, {70, 50, 50}, {-2, 50, 50}},
     0,
     "a cannot be read (does not answer), so nobody knows whether it is still over its threshold; "
     "--force releases it all the same",
     "",
     "a--"},
    {"cannot be read, by force",
     true,
     false,
     true,
     {{86, 50, 50}, {70, 50, 50}, {-2, 50, 50}},
     0,
     NULL,
     "tell(0: ) reset ",
     "---"},
    {"not mounted counts",
     false,
     true,
     false,
     {{-1, 50, 50}},
     0,
     "a still counts as full: not mounted; --force releases it all the same",
     "",
     "a--"},
    {"not mounted counts, by force",
     false,
     true,
     true,
     {{-1, 50, 50}},
     0,
     NULL,
     "tell(0: ) reset ",
     "h--"},
    {"blind, not activated",
     false,
     false,
     false,
     {{-2, 50, -1}},
     ALL,
     NULL,
     "tell(0: ) reset ",
     "---"},
};

static void check_after(const struct fake_parachute *on, const struct reset_case *row)
{
    for (size_t i = 0; i < FAKE_DISKS; i++) {
        const struct verdict *verdict = operate_disk(on->parachute, i).verdict;

        assert_int_equal(verdict->activated, row->after[i] == 'a');
        assert_int_equal(verdict->held_off, row->after[i] == 'h');
    }
}

static void a_reset_is_done_or_refused_as_a_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reset_cases / sizeof *reset_cases; i++) {
        const struct reset_case *row = &reset_cases[i];
        struct fake_parachute on;
        char why[OPERATE_WHY_MAX] = "";

        print_message("%s\n", row->what);
        fake_init(&on);
        for (size_t k = 0; k < FAKE_DISKS; k++) {
            on.disks[k].rule.latch = row->latch;
            on.disks[k].rule.missing_activates = row->missing && k == 0;
        }
        fake_start(&on);
        for (size_t k = 0; k < LOOKS; k++)
            if (k == 0 || row->looks[k][1] != 0)
                fake_look(&on, row->looks[k][0], row->looks[k][1], row->looks[k][2]);
        int done = operate_reset(on.parachute, row->index, row->force, why);
        assert_string_equal(why, row->why ? row->why : "");
        assert_int_equal(done, row->why ? -1 : 0);
        assert_string_equal(fake.calls, row->calls);
        check_after(&on, row);
        fake_end(&on);
    }
}

/* Held off, it stays so through a second reset, and is watched again once it was below. */
static void a_held_off_disk_stays_so_until_it_is_below(void **state)
{
    struct fake_parachute on;
    char why[OPERATE_WHY_MAX];

    (void)state;
    fake_init(&on);
    fake_start(&on);
    fake_look(&on, 90, 50, 50);
    assert_int_equal(operate_reset(on.parachute, 0, true, why), 0);
    fake_look(&on, 91, 50, 50);
    assert_int_equal(operate_reset(on.parachute, ALL, false, why), 0);
    fake_look(&on, 92, 50, 50);
    assert_true(operate_disk(on.parachute, 0).verdict->held_off);
    assert_false(parachute_activated(on.parachute));
    fake_look(&on, 79, 50, 50);
    fake_look(&on, 80, 50, 50);
    assert_true(parachute_activated(on.parachute));
    fake_end(&on);
}

/* Two of three readings must agree: a reset of all between them does not make it begin anew. */
static void a_reset_keeps_the_votes_of_what_is_not_activated(void **state)
{
    struct fake_parachute on;
    char why[OPERATE_WHY_MAX];

    (void)state;
    fake_init(&on);
    on.disks[0].rule.times = 2;
    on.disks[0].rule.cycles = 3;
    fake_start(&on);
    fake_look(&on, 90, 50, 50);
    assert_false(parachute_activated(on.parachute));
    assert_int_equal(operate_reset(on.parachute, ALL, false, why), 0);
    fake_look(&on, 90, 50, 50);
    assert_true(parachute_activated(on.parachute));
    fake_end(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks_are_found_by_name_and_by_mount_point),
        cmocka_unit_test(a_reset_is_done_or_refused_as_a_whole),
        cmocka_unit_test(a_held_off_disk_stays_so_until_it_is_below),
        cmocka_unit_test(a_reset_keeps_the_votes_of_what_is_not_activated),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
