/* What the parachute emits of readings and verdicts, in which order; it only judges here. */
#include "base/series.h"
#include "base/snapshot.h"
#include "parachute/parachute.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RULE(percent)                                                                              \
    {                                                                                              \
        .threshold_percent = (percent), .release_percent = (percent), .times = 1, .cycles = 1      \
    }
#define ABSENT                                                                                     \
    {                                                                                              \
        .state = READING_ABSENT                                                                    \
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
        {.name = "ephemeral", .mount = "/var/vcap/data", .when_seen = true, .rule = RULE(80)},
        {.name = "data", .mount = "/data", .rule = RULE(60)},
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
    struct parachute *parachute = parachute_new(
        &(struct parachute_options){.disks = disks, .count = 2, .namespace = "n"}, series);
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
    struct parachute *parachute =
        parachute_new(&(struct parachute_options){.namespace = "n"}, series);
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
        cmocka_unit_test(a_blind_disk_leaves_out_what_it_does_not_know),
        cmocka_unit_test(nothing_observed_still_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
