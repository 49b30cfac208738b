/* Type `agent`: which DataPoints, in which order, under which names. */
#include "emitter/self.h"
#include "tests/unit/proc/cases.h"

#define TARGET(name, connected, sent, owed, lost, reconnects, age)                                 \
    "agent.target." name ".connected " connected "\nagent.target." name ".sent " sent              \
    "\nagent.target." name ".owed " owed "\nagent.target." name ".lost " lost                      \
    "\nagent.target." name ".reconnects " reconnects "\nagent.target." name ".age_s " age "\n"

#define OWN(duration, lateness)                                                                    \
    "agent.tick.duration_us " duration "\nagent.tick.lateness_us " lateness                        \
    "\nagent.ring.bytes 8192\nagent.ring.snapshots 3\nagent.clients.http 5\n"                      \
    "agent.clients.lines 6\nagent.disks.stuck 2\n"

static const struct target_options options[] = {{.name = "a"}, {.name = "b"}};

static const struct target_status statuses[] = {
    {.name = "a",
     .state = "up",
     .sent = UINT64_C(5000000000),
     .owed = 1,
     .lost = 2,
     .reconnects = 3,
     .acked_age_ms = 4999},
    {.name = "b", .state = "connecting", .acked_age_ms = -1},
};

static const struct store_status file = {.state = "ok", .behind = 7};

struct row {
    size_t targets; /* that there are options for */
    size_t open;    /* and that are open */
    const struct store_status *file;
    struct self_tick tick;
    const char *expected;
};

static const struct row rows[] = {
    {0, 0, NULL, {0, 0, 2}, OWN("0", "0")},
    {0, 0, &file, {1999, 3000000000, 2}, OWN("1", "3000000") "agent.file.behind 7\n"},
    /* The clock was set back: nothing is early. */
    {0, 0, NULL, {-5000, -1, 2}, OWN("0", "0")},
    {2,
     2,
     NULL,
     {1000, 1000, 2},
     TARGET("a", "1", "5000000000", "1", "2", "3", "4") TARGET("b", "0", "0", "0", "0", "0", "20")
         OWN("1", "1")},
    {2, 1, NULL, {1000, 1000, 2}, TARGET("a", "1", "5000000000", "1", "2", "3", "4") OWN("1", "1")},
};

static void test_points(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct series_table *series = series_table_new(CASES_PREFIX);
        struct self *self = self_new(series, options, rows[i].targets, rows[i].file);
        const struct status status = {.uptime_s = 20,
                                      .ring_bytes = 8192,
                                      .ring_snapshots = 3,
                                      .http_clients = 5,
                                      .lines_clients = 6,
                                      .file = rows[i].file,
                                      .targets = statuses,
                                      .target_count = rows[i].open};
        struct snapshot snapshot = {0};

        assert_non_null(self);
        size_t count = series_count(series);
        self_emit(self, &status, &rows[i].tick, &snapshot);
        assert_int_equal(series_count(series), count);
        char *text = cases_text(series, &snapshot);
        assert_string_equal(text, rows[i].expected);
        free(text);
        snapshot_clean(&snapshot);
        self_free(self);
        assert_int_equal(series_count(series), 0);
        series_table_free(series);
    }
}

/* What is more than a value may be is held at that. */
static void test_most(void **state)
{
    const struct target_status most = {
        .state = "down", .sent = UINT64_MAX, .lost = UINT64_MAX, .acked_age_ms = INT64_MAX};
    const struct status status = {
        .ring_bytes = SIZE_MAX, .targets = &most, .target_count = 1, .uptime_s = INT64_MAX};
    const struct self_tick tick = {.duration_ns = INT64_MAX, .lateness_ns = INT64_MAX};
    struct series_table *series = series_table_new(CASES_PREFIX);
    struct self *self = self_new(series, options, 1, false);
    struct snapshot snapshot = {0};

    (void)state;
    self_emit(self, &status, &tick, &snapshot);
    assert_false(snapshot.failed);
    for (size_t i = 0; i < snapshot.count; i++)
        assert_in_range(snapshot.values[i], 0, SNAPSHOT_VALUE_MAX);
    assert_int_equal(snapshot.values[1], SNAPSHOT_VALUE_MAX);
    snapshot_clean(&snapshot);
    self_free(self);
    series_table_free(series);
}

#define X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X196 X40 X40 X40 X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Configured names, which differ, and the nodes they get; NULL: any that is valid. */
static const char *const names[][2] = {
    {"graphite.example:2003", "graphite_example_2003"},
    {"graphite_example:2003", "graphite_example_2003_2"},
    {"graphite_example_2003", "graphite_example_2003_3"},
    {"graphite_example_2003_2", "graphite_example_2003_2_2"},
    {"", "_"},
    {"\xff", "__2"},
    {"a b\n\"c", "a_b__c"},
    {X196 "-end", X196 "-end"},
    {X196 "-end.longer", NULL},
    {X196 ":end", X196 "_end"},
    {X196 ".end", NULL},
    {X196 ",end", NULL},
};

enum { NAMES = sizeof names / sizeof *names, POINTS_EACH = 6 };

static void test_names(void **state)
{
    struct target_options targets[NAMES] = {0};
    struct target_status all[NAMES] = {0};
    const struct status status = {.targets = all, .target_count = NAMES};
    const struct self_tick tick = {0};
    struct series_table *series = series_table_new(CASES_PREFIX);
    struct snapshot snapshot = {0};
    char path[256];

    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        targets[i].name = names[i][0];
        all[i].state = "up";
    }
    struct self *self = self_new(series, targets, NAMES, false);
    self_emit(self, &status, &tick, &snapshot);
    for (size_t i = 0; i < NAMES; i++) {
        uint32_t first = snapshot.series[i * POINTS_EACH];
        const char *found = series_path(series, first, &(size_t){0});

        if (names[i][1]) {
            snprintf(path, sizeof path, CASES_PREFIX ".agent.target.%s.connected", names[i][1]);
            assert_string_equal(found, path);
        }
        size_t len = strcspn(found + strlen(CASES_PREFIX ".agent.target."), ".");
        assert_in_range(len, 1, 200);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(snapshot.series[k * POINTS_EACH], first);
    }
    snapshot_clean(&snapshot);
    self_free(self);
    series_table_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_most),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
