/* Other disks while it runs: what is known of each disk, and what the actor hears. */
#include "base/log.h"
#include "parachute/node.h"
#include "tests/unit/heard.h"
#include "tests/unit/ruled.h"

#include <malloc.h>

#define MANY 1000

static void a_disk_is_known_by_its_mount_point(void **state)
{
    struct fake_parachute on;
    struct verdict before[2];

    (void)state;
    start(&on);
    fake_look(&on, 90, 50, -1);
    on.parachute->roster.disks[0].since_s = 7;
    for (size_t i = 0; i < 2; i++)
        before[i] = *operate_disk(on.parachute, i).verdict;
    size_t series = series_count(on.series);
    on.disks[0].name = "alpha";
    adapt(&on, "cba");

    assert_int_equal(operate_disks(on.parachute), 3);
    assert_int_equal(operate_find(on.parachute, "alpha"), 2);
    assert_int_equal(operate_find(on.parachute, "a"), 3);
    for (size_t i = 0; i < 2; i++) {
        const struct operate_disk disk = operate_disk(on.parachute, 2 - i);

        assert_memory_equal(disk.verdict, &before[i], sizeof before[i]);
        assert_string_equal(disk.options->mount, on.disks[i].mount);
        assert_int_equal(disk.reading->used_bytes, (i ? 50 : 90) * GIB);
    }
    assert_int_equal(operate_disk(on.parachute, 2).since_s, 7);
    assert_false(operate_disk(on.parachute, 0).observed);
    assert_int_equal(series_count(on.series), series);
    assert_true(parachute_activated(on.parachute));
    assert_string_equal(fake.calls, "adapt ");

    fake_look(&on, -1, 50, 79); /* c, b, a */
    assert_false(parachute_activated(on.parachute));
    fake_end(&on);
}

/* Gone and come back, it is a new one. */
static void a_disk_that_is_gone_is_forgotten(void **state)
{
    struct fake_parachute on;
    char said[4096];

    (void)state;
    start(&on);
    fake_look(&on, 90, 50, 50);
    size_t series = series_count(on.series);
    log_open(LOG_LEVEL_WARNING);
    hear_log();
    adapt(&on, "bc");
    heard_log(said);
    log_open(LOG_LEVEL_ERROR);
    assert_string_equal(said, "warning: parachute: /mnt/a is activated, but not observed any more, "
                              "and is forgotten\n");
    assert_int_equal(series_count(on.series), series - 7);
    assert_false(parachute_activated(on.parachute));
    assert_string_equal(fake.calls, "adapt "); /* the release comes with the cycle */
    parachute_judge(on.parachute, &on.readings[1]);
    assert_string_equal(fake.calls, "adapt tell(0: ) ");
    assert_string_equal(fake.tipped.name, "");

    adapt(&on, "abc");
    assert_int_equal(series_count(on.series), series);
    assert_false(operate_disk(on.parachute, 0).verdict->activated);
    assert_true(operate_disk(on.parachute, 0).verdict->error);
    assert_false(parachute_activated(on.parachute));
    fake_end(&on);
}

static void without_any_disk_it_is_released_at_once(void **state)
{
    struct fake_parachute on;

    (void)state;
    start(&on);
    fake_look(&on, 90, 50, 50);
    adapt(&on, "");
    assert_string_equal(fake.calls, "adapt tell(0: ) ");
    assert_int_equal(operate_disks(on.parachute), 0);
    adapt(&on, "ab");
    fake_look(&on, 50, 90, 0);
    assert_true(parachute_activated(on.parachute));
    assert_string_equal(fake.tipped.name, "b");
    fake_end(&on);
}

/* Which disk turned the node is known as long as that disk is. */
static void who_tipped_it_is_known_at_its_new_place(void **state)
{
    struct fake_parachute on;

    (void)state;
    start(&on);
    fake_look(&on, 50, 90, 50);
    fake_look(&on, 90, 90, 50);
    adapt(&on, "cab");
    fake_look(&on, 50, 90, 90);
    assert_string_equal(fake.tipped.name, "b");
    adapt(&on, "ac");
    fake_look(&on, 90, 50, 0);
    assert_true(parachute_activated(on.parachute));
    assert_string_equal(fake.tipped.name, "");
    fake_look(&on, 50, 50, 0);
    fake_look(&on, 90, 90, 0);
    fake_look(&on, 50, 90, 0);
    assert_string_equal(fake.tipped.name, "a");
    adapt(&on, "a"); /* it is not this one that released it */
    fake_look(&on, 50, 0, 0);
    assert_false(parachute_activated(on.parachute));
    assert_string_equal(fake.tipped.name, "");
    fake_end(&on);
}

static void many_leave_nothing_behind(void **state)
{
    static const char *const sets[] = {"abc", "b", "", "ca", "cba"};
    struct snapshot snapshot = {0};
    struct fake_parachute on;
    size_t series = 0;
    size_t bytes = 0;

    (void)state;
    start(&on);
    for (size_t i = 0; i < MANY; i++) {
        adapt(&on, sets[i % 5]);
        fake_look(&on, i % 3 ? 90 : 10, -1, 85);
        snapshot_clear(&snapshot, 0);
        parachute_emit(on.parachute, &snapshot);
        if (i == 99) {
            series = series_count(on.series);
            bytes = mallinfo2().uordblks;
        }
    }
    assert_int_equal(series_count(on.series), series);
    assert_true(mallinfo2().uordblks <= bytes + (size_t)8 * MANY);
    snapshot_clean(&snapshot);
    parachute_free(on.parachute);
    assert_int_equal(series_count(on.series), 0);
    series_table_free(on.series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_is_known_by_its_mount_point),
        cmocka_unit_test(a_disk_that_is_gone_is_forgotten),
        cmocka_unit_test(without_any_disk_it_is_released_at_once),
        cmocka_unit_test(who_tipped_it_is_known_at_its_new_place),
        cmocka_unit_test(many_leave_nothing_behind),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
