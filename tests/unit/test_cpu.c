/* The group `cpu` against folders of stat from odd machines, and in time. */
#include "collector/cpu.h"
#include "tests/unit/proc/cases.h"

#include <stdbool.h>
#include <time.h>

static char *read_once(struct cpu *cpu, struct series_table *series)
{
    struct snapshot snapshot = {0};

    cpu_read(cpu);
    cpu_emit(cpu, &snapshot);
    char *text = cases_text(series, &snapshot);
    snapshot_clean(&snapshot);
    return text;
}

static void run_folder(const char *folder)
{
    struct series_table *series = series_table_new(CASES_PREFIX);
    struct cpu *cpu = cpu_new(folder, series);
    char *text = read_once(cpu, series);

    cases_expect(folder, text);
    free(text);
    cpu_free(cpu);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
}

static void test_folders(void **state)
{
    (void)state;
    cases_each("tests/unit/proc/cpu", run_folder);
}

/* Wherever the file is cut off: what is still emitted is what the whole file says. */
static void test_cut_off(void **state)
{
    static const char source[] = "tests/unit/proc/cpu/two-cpus";
    char folder[] = "/tmp/altimeter-cpu-XXXXXX";
    char path[600];
    size_t len = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/stat", source);
    char *whole = cases_read(path, &len);
    snprintf(path, sizeof path, "%s/expected", source);
    char *expected = cases_read(path, NULL);
    assert_non_null(strstr(whole, "intr"));
    size_t cpus_end = (size_t)(strstr(whole, "intr") - whole);

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/stat", folder);
    for (size_t cut = 0; cut <= len; cut++) {
        struct series_table *series = series_table_new(CASES_PREFIX);
        struct cpu *cpu = cpu_new(folder, series);

        cases_write(path, whole, cut);
        char *text = read_once(cpu, series);
        if (cut >= cpus_end)
            assert_string_equal(text, expected);
        else if (strcmp(text, "system.cpu.error 1\n") != 0)
            assert_memory_equal(text, expected, strlen(text));
        if (cut > 0 && cut < cpus_end && whole[cut - 1] != '\n')
            assert_string_equal(text, "system.cpu.error 1\n");
        free(text);
        cpu_free(cpu);
        series_table_free(series);
    }
    unlink(path);
    rmdir(folder);
    free(whole);
    free(expected);
}

struct step {
    const char *what;
    const char *stat; /* NULL: the file is missing */
    const char *expected;
};

static const struct step steps[] = {
    {"begins", "cpu0 100 0 50 1000 20 0 0\n",
     "system.cpu.error 0\nsystem.cpu0.user 1000\nsystem.cpu0.system 500\nsystem.cpu0.idle 10200\n"},
    {"idle steps back a little: held", "cpu0 110 0 50 1000 10 0 0\n",
     "system.cpu.error 0\nsystem.cpu0.user 1100\nsystem.cpu0.system 500\nsystem.cpu0.idle 10200\n"},
    {"and by 3000 ms in all: still held", "cpu0 110 0 50 720 0 0 0\n",
     "system.cpu.error 0\nsystem.cpu0.user 1100\nsystem.cpu0.system 500\nsystem.cpu0.idle 10200\n"},
    {"goes on from what was held", "cpu0 110 0 50 1021 0 0 0\n",
     "system.cpu.error 0\nsystem.cpu0.user 1100\nsystem.cpu0.system 500\nsystem.cpu0.idle 10210\n"},
    {"a file that is missing leaves nothing", NULL, "system.cpu.error 1\n"},
    {"nor does one that is no stat", "cpu0 1 2 x 4\n", "system.cpu.error 1\n"},
    {"back again, a CPU more", "cpu0 110 0 50 1021 0 0 0\ncpu1 1 0 1 1 0 0 0\n",
     "system.cpu.error 0\nsystem.cpu0.user 1100\nsystem.cpu0.system 500\nsystem.cpu0.idle 10210\n"
     "system.cpu1.user 10\nsystem.cpu1.system 10\nsystem.cpu1.idle 10\n"},
    {"a CPU taken out", "cpu1 2 0 1 1 0 0 0\n",
     "system.cpu.error 0\nsystem.cpu1.user 20\nsystem.cpu1.system 10\nsystem.cpu1.idle 10\n"},
    {"put in again, far behind: anew", "cpu0 0 0 0 720 0 0 0\ncpu1 2 0 1 1 0 0 0\n",
     "system.cpu.error 0\nsystem.cpu0.user 1100\nsystem.cpu0.system 500\nsystem.cpu0.idle 7200\n"
     "system.cpu1.user 20\nsystem.cpu1.system 10\nsystem.cpu1.idle 10\n"},
};

static void test_steps(void **state)
{
    char folder[] = "/tmp/altimeter-cpu-XXXXXX";
    char path[64];
    struct series_table *series = series_table_new(CASES_PREFIX);

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/stat", folder);
    struct cpu *cpu = cpu_new(folder, series);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].stat)
            cases_write(path, steps[i].stat, strlen(steps[i].stat));
        else
            unlink(path);
        char *text = read_once(cpu, series);
        if (strcmp(text, steps[i].expected) != 0)
            fail_msg("%s:\n%sinstead of\n%s", steps[i].what, text, steps[i].expected);
        free(text);
    }
    cpu_free(cpu);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
    unlink(path);
    rmdir(folder);
}

/* The descriptor on the real /proc is kept, and gives new numbers all the same. */
static void test_real_proc(void **state)
{
    struct series_table *series = series_table_new(CASES_PREFIX);
    struct cpu *cpu = cpu_new("/proc", series);
    char *first = read_once(cpu, series);
    int64_t until = time(NULL) + 10;
    bool moved = false;

    (void)state;
    assert_memory_equal(first, "system.cpu.error 0\n", 19);
    while (!moved && time(NULL) < until) {
        char *next = read_once(cpu, series);

        moved = strcmp(first, next) != 0;
        free(next);
    }
    assert_true(moved);
    free(first);
    cpu_free(cpu);
    series_table_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_real_proc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
