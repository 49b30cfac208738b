/* The group `load`, from a fake libstatgrab. */
#include "collector/host.h"
#include "collector/load.h"
#include "tests/unit/proc/cases.h"

static struct {
    int open_result;
    int load_result;
    double load[3];
    int opened;
    int closed;
} host;

int host_open(void)
{
    host.opened += host.open_result == 0;
    return host.open_result;
}

void host_close(void)
{
    host.closed++;
}

int host_load(double load[3])
{
    memcpy(load, host.load, sizeof host.load);
    return host.load_result;
}

struct row {
    const char *what;
    int open_result;
    int load_result;
    double load[3];
    const char *expected;
};

#define ERROR "system.load.error 1\n"

static const struct row rows[] = {
    {"cannot be opened", -1, 0, {1, 1, 1}, ERROR},
    {"opened later",
     0,
     0,
     {1, 2, 3},
     "system.load.error 0\nsystem.load.load1 1000000\nsystem.load.load5 2000000\n"
     "system.load.load15 3000000\n"},
    {"idle",
     0,
     0,
     {0, 0, 0},
     "system.load.error 0\nsystem.load.load1 0\nsystem.load.load5 0\nsystem.load.load15 0\n"},
    {"cannot be read", 0, -1, {1, 2, 3}, ERROR},
    {"rounded to nearest",
     0,
     0,
     {0.0000004, 0.0000006, 3.54248046875},
     "system.load.error 0\nsystem.load.load1 0\nsystem.load.load5 1\nsystem.load.load15 3542480\n"},
    {"above 2^53",
     0,
     0,
     {1e9, 9007199254.740992, 9007199255},
     "system.load.error 0\nsystem.load.load1 1000000000000000\n"
     "system.load.load5 9007199254740992\nsystem.load.load15 9007199254740992\n"},
};

static void test_rows(void **state)
{
    struct series_table *series = series_table_new(CASES_PREFIX);
    struct load *load = load_new(series);
    struct snapshot snapshot = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        host.open_result = rows[i].open_result;
        host.load_result = rows[i].load_result;
        memcpy(host.load, rows[i].load, sizeof host.load);
        load_read(load);
        snapshot_clear(&snapshot, 0);
        load_emit(load, &snapshot);
        char *text = cases_text(series, &snapshot);
        if (strcmp(text, rows[i].expected) != 0)
            fail_msg("%s:\n%sinstead of\n%s", rows[i].what, text, rows[i].expected);
        free(text);
    }
    snapshot_clean(&snapshot);
    load_free(load);
    assert_int_equal(host.opened, 1);
    assert_int_equal(host.closed, 1);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
