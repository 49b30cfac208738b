/*
 * The golden sample: the machine that tests/unit/golden/proc and the fakes below describe gives
 * tests/unit/golden/expected.json, to the letter.
 */
#include "base/clock.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "collector/collector.h"
#include "collector/host.h"
#include "collector/statfs.h"
#include "emitter/text.h"
#include "parachute/parachute.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PROC "tests/unit/golden/proc"
#define SAMPLE "tests/unit/golden/expected.json"
#define RULE(percent)                                                                              \
    {                                                                                              \
        .threshold_percent = (percent), .release_percent = (percent), .times = 1, .cycles = 1      \
    }

int host_open(void)
{
    return 0;
}

void host_close(void)
{
}

int host_load(double load[3])
{
    load[0] = 3.54248;
    load[1] = 3.152832;
    load[2] = 2.358398;
    return 0;
}

int host_name(char *name, size_t size)
{
    snprintf(name, size, "golden");
    return 0;
}

/*
 * Runs in the helper process. The parachute had read its disks a little later than the tick before,
 * when the service had written some more: so the first reading of a path is the parachute's.
 */
void statfs_read(const char *path, uint64_t mount_id, struct statfs_result *result)
{
    static struct {
        const char *path;
        uint64_t mount_id;
        uint64_t total, used[2], free[2];
        int read;
    } disks[] = {
        {"/", 22, 3103686656, {1558130688}, {1369866240}, 0},
        {"/home", 48, 3103686656, {1558130688}, {1369866240}, 0},
        {"/var/vcap/data", 40, 6113067008, {1068199936, 1042546688}, {4710739968, 4736393216}, 0},
        {"/var/log", 42, 6113067008, {1042546688}, {4736393216}, 0},
        {"/tmp", 44, 6113067008, {1042546688}, {4736393216}, 0},
        {"/var/tmp", 46, 6113067008, {1042546688}, {4736393216}, 0},
        {"/var/vcap/store", 50, 5148114944, {10657792, 10547200}, {4852350976, 4852461568}, 0},
    };

    *result = (struct statfs_result){.outcome = STATFS_OTHER_MOUNT};
    for (size_t i = 0; i < sizeof disks / sizeof *disks; i++) {
        if (strcmp(disks[i].path, path) != 0 || disks[i].mount_id != mount_id)
            continue;
        int reading = disks[i].read++;
        *result = (struct statfs_result){.outcome = STATFS_OK,
                                         .total_bytes = disks[i].total,
                                         .used_bytes = disks[i].used[reading],
                                         .free_bytes = disks[i].free[reading]};
    }
}

bool statfs_try(const char *path, uint64_t mount_id, bool trusted, struct statfs_result *result)
{
    (void)path;
    (void)mount_id;
    (void)trusted;
    (void)result;
    return false;
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void look(struct collector *collector, enum collector_scope scope)
{
    bool over = false;

    assert_int_equal(collector_look(collector, scope, CLOCK_NS_PER_S * 60, set_flag, &over), 0);
    while (!over) {
        struct pollfd ready = {.fd = collector_fd(collector), .events = POLLIN};

        assert_int_equal(poll(&ready, 1, -1), 1);
        collector_dispatch(collector);
    }
}

static char *whole_file(const char *path)
{
    FILE *file = fopen(path, "r");
    static char text[8192];

    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static void the_golden_sample_comes_out_to_the_letter(void **state)
{
    const char *observed[] = {"/var/vcap/data", "/var/vcap/store"};
    struct series_table *series = series_table_new("redis.0");
    struct collector *collector = collector_new(
        &(struct collector_options){.proc = PROC, .observed = observed, .observed_count = 2},
        series);
    assert_non_null(collector);

    struct parachute_disk disks[] = {{.mount = observed[0], .rule = RULE(10)},
                                     {.mount = observed[1], .rule = RULE(80)}};
    struct reading readings[2];
    look(collector, COLLECTOR_OBSERVED);
    for (size_t i = 0; i < 2; i++) {
        disks[i].name = collector_observed_name(collector, i);
        readings[i] = collector_observed(collector, i);
    }
    struct parachute *parachute = parachute_new(
        &(struct parachute_options){.disks = disks, .count = 2, .namespace = "redis.0"}, series);
    assert_non_null(parachute);
    parachute_judge(parachute, readings);

    struct snapshot snapshot = {0};
    snapshot_clear(&snapshot, 1594380720);
    look(collector, COLLECTOR_ALL);
    collector_emit(collector, &snapshot);
    parachute_emit(parachute, &snapshot);

    struct bytes json = {0};
    bytes_add(&json, "[\n", 2);
    assert_int_equal(text_json(&json, series, &snapshot, true), 0);
    bytes_add(&json, "\n]\n", sizeof "\n]\n");
    assert_string_equal((const char *)json.data, whole_file(SAMPLE));

    (void)state;
    bytes_clean(&json);
    snapshot_clean(&snapshot);
    parachute_free(parachute);
    collector_free(collector);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_sample_comes_out_to_the_letter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
