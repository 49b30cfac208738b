/* The groups `memory` and `swap` against folders of meminfo from odd machines. */
#include "collector/memory.h"
#include "tests/unit/proc/cases.h"

static char *read_folder(const char *folder)
{
    struct series_table *series = series_table_new(CASES_PREFIX);
    struct memory *memory = memory_new(folder, series);
    struct snapshot snapshot = {0};

    memory_read(memory);
    memory_emit(memory, &snapshot);
    char *text = cases_text(series, &snapshot);
    snapshot_clean(&snapshot);
    memory_free(memory);
    assert_int_equal(series_count(series), 0);
    series_table_free(series);
    return text;
}

static void run_folder(const char *folder)
{
    char *text = read_folder(folder);

    cases_expect(folder, text);
    free(text);
}

static void test_folders(void **state)
{
    (void)state;
    cases_each("tests/unit/proc/memory", run_folder);
}

/*
 * Wherever the file is cut off: each line that is still emitted is one that the whole file gives.
 * (Cut between two lines, a file looks like that of a kernel without SReclaimable.)
 */
static void test_cut_off(void **state)
{
    static const char source[] = "tests/unit/proc/memory/vm-4g";
    char folder[] = "/tmp/altimeter-memory-XXXXXX";
    char path[600];
    size_t len = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/meminfo", source);
    char *whole = cases_read(path, &len);
    snprintf(path, sizeof path, "%s/expected", source);
    char *expected = cases_read(path, NULL);

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/meminfo", folder);
    for (size_t cut = 0; cut < len; cut++) {
        cases_write(path, whole, cut);
        char *text = read_folder(folder);
        char *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            if (strncmp(line, "system.memory.used ", 19) == 0 && whole[cut - 1] == '\n')
                continue;
            if (!strstr(line, ".error 1") && !strstr(expected, line))
                fail_msg("cut at %zu: invented: %s", cut, line);
        }
        free(text);
    }
    unlink(path);
    rmdir(folder);
    free(whole);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
