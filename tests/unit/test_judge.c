/* The judgement of a disk, as a table of readings against verdicts; and what the parachute emits.
 */
#include "base/series.h"
#include "base/snapshot.h"
#include "parachute/judge.h"
#include "parachute/parachute.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void percent_is_rounded_down_and_leaves_out_what_root_reserves(void **state)
{
    const struct {
        uint64_t used, free;
        unsigned percent;
    } rows[] = {
        {1068199936, 4710739968, 18}, /* SPEC 5: used / total would give 17, rounding up 19 */
        {10657792, 4852350976, 0},    /* SPEC 5: rounding up would give 1 */
        {0, 0, 0},
        {0, 1, 0},
        {1, 0, 100},
        {79999, 20001, 79},
        {80000, 20000, 80},
        {999999, 1, 99},
        {UINT64_MAX, UINT64_MAX, 50},
        {UINT64_MAX, 0, 100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(judge_percent(rows[i].used, rows[i].free), rows[i].percent);
}

#define ABSENT                                                                                     \
    {                                                                                              \
        .state = READING_ABSENT                                                                    \
    }
#define UNKNOWN                                                                                    \
    {                                                                                              \
        .state = READING_UNKNOWN                                                                   \
    }
#define HANGS                                                                                      \
    {                                                                                              \
        .state = READING_FAILED, .error = ETIMEDOUT                                                \
    }
#define USED(percent)                                                                              \
    {                                                                                              \
        .state = READING_OK, .total_bytes = 110, .used_bytes = (percent),                          \
        .free_bytes = 100 - (percent)                                                              \
    }

static void only_a_reading_that_succeeded_changes_the_verdict(void **state)
{
    const struct {
        struct reading reading;
        bool seen, error, activated;
    } history[] = {
        {ABSENT, false, true, false},   {UNKNOWN, false, true, false},
        {HANGS, true, true, false},     {USED(79), true, false, false},
        {USED(80), true, false, true},  {HANGS, true, true, true},
        {ABSENT, true, true, true},     {USED(95), true, false, true},
        {USED(79), true, false, false}, {ABSENT, true, true, false},
    };
    struct verdict verdict = {.error = true};

    (void)state;
    for (size_t i = 0; i < sizeof history / sizeof *history; i++) {
        verdict = judge(verdict, &history[i].reading, 80);
        assert_int_equal(verdict.seen, history[i].seen);
        assert_int_equal(verdict.error, history[i].error);
        assert_int_equal(verdict.activated, history[i].activated);
    }
}

/* What the parachute emits, as "specific value" words without the namespace. */
static void emitted(const struct parachute *parachute, const struct series_table *series,
                    char *text, size_t size)
{
    struct snapshot snapshot = {0};
    size_t used = 0;

    snapshot_clear(&snapshot, 1594380720);
    parachute_emit(parachute, &snapshot);
    text[0] = '\0';
    for (size_t i = 0; i < snapshot.count; i++) {
        size_t len = 0;
        const char *path = series_path(series, snapshot.series[i], &len);

        used += (size_t)snprintf(text + used, size - used, "%s %lld\n",
                                 path + strlen("n.parachute."), (long long)snapshot.values[i]);
        assert_true(used < size);
    }
    snapshot_clean(&snapshot);
}

static void a_blind_disk_leaves_out_what_it_does_not_know(void **state)
{
    const struct parachute_disk disks[] = {
        {.name = "ephemeral",
         .mount = "/var/vcap/data",
         .threshold_percent = 80,
         .when_seen = true},
        {.name = "data", .mount = "/data", .threshold_percent = 60},
    };
    const struct {
        struct reading readings[2];
        const char *text;
    } cycles[] = {
        {{ABSENT, ABSENT},
         "error 1\nactivated 0\n"
         "disk.data.error 1\ndisk.data.used_threshold 60\ndisk.data.activated 0\n"},
        {{ABSENT, USED(60)},
         "error 0\nactivated 1\n"
         "disk.data.error 0\ndisk.data.total 110\ndisk.data.used 60\ndisk.data.used_percent 60\n"
         "disk.data.used_threshold 60\ndisk.data.free 40\ndisk.data.activated 1\n"},
        {{USED(10), HANGS},
         "error 1\nactivated 1\n"
         "disk.ephemeral.error 0\ndisk.ephemeral.total 110\ndisk.ephemeral.used 10\n"
         "disk.ephemeral.used_percent 10\ndisk.ephemeral.used_threshold 80\n"
         "disk.ephemeral.free 90\ndisk.ephemeral.activated 0\n"
         "disk.data.error 1\ndisk.data.used_threshold 60\ndisk.data.activated 1\n"},
        {{ABSENT, USED(0)},
         "error 1\nactivated 0\n"
         "disk.ephemeral.error 1\ndisk.ephemeral.used_threshold 80\ndisk.ephemeral.activated 0\n"
         "disk.data.error 0\ndisk.data.total 110\ndisk.data.used 0\ndisk.data.used_percent 0\n"
         "disk.data.used_threshold 60\ndisk.data.free 100\ndisk.data.activated 0\n"},
    };
    struct series_table *series = series_table_new("n");
    struct parachute *parachute = parachute_new(disks, 2, series);
    char text[2048];

    (void)state;
    assert_non_null(parachute);
    for (size_t i = 0; i < sizeof cycles / sizeof *cycles; i++) {
        parachute_judge(parachute, cycles[i].readings);
        emitted(parachute, series, text, sizeof text);
        assert_string_equal(text, cycles[i].text);
    }
    parachute_free(parachute);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
}

static void nothing_observed_still_says_so(void **state)
{
    struct series_table *series = series_table_new("n");
    struct parachute *parachute = parachute_new(NULL, 0, series);
    char text[256];

    (void)state;
    assert_non_null(parachute);
    parachute_judge(parachute, NULL);
    emitted(parachute, series, text, sizeof text);
    assert_string_equal(text, "error 0\nactivated 0\n");
    parachute_free(parachute);
    series_table_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_is_rounded_down_and_leaves_out_what_root_reserves),
        cmocka_unit_test(only_a_reading_that_succeeded_changes_the_verdict),
        cmocka_unit_test(a_blind_disk_leaves_out_what_it_does_not_know),
        cmocka_unit_test(nothing_observed_still_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
