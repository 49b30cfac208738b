/* Series: one number a path, given back with the last hold; nodes made of anything. */
#include "base/node.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static void a_path_is_kept_once(void **state)
{
    struct series_table *table = series_table_new("redis.0");
    uint32_t first = series_intern(table, "system.cpu%d.user", 0);
    uint32_t again = series_intern(table, "system.%s.user", "cpu0");
    size_t len = 0;

    (void)state;
    assert_int_equal(first, again);
    assert_int_equal(series_count(table), 1);
    assert_string_equal(series_path(table, first, &len), "redis.0.system.cpu0.user");
    assert_int_equal(len, strlen("redis.0.system.cpu0.user"));
    series_release(table, first);
    assert_int_equal(series_count(table), 1);
    series_release(table, again);
    assert_int_equal(series_count(table), 0);
    series_table_free(table);
}

/* Mounts that come and go for years: the table stays as small as what stands at one time. */
static void numbers_are_used_again(void **state)
{
    struct series_table *table = series_table_new("n");
    uint32_t held[1000];
    uint32_t highest = 0;

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 1000; i++) {
            held[i] = series_intern(table, "system.disk.m%u_%u.used", round, i);
            assert_int_not_equal(held[i], SERIES_NONE);
            if (held[i] > highest)
                highest = held[i];
        }
        for (unsigned i = 0; i < 1000; i++) {
            char expected[64];
            size_t len = 0;

            snprintf(expected, sizeof expected, "n.system.disk.m%u_%u.used", round, i);
            assert_string_equal(series_path(table, held[i], &len), expected);
            assert_int_equal(series_intern(table, "system.disk.m%u_%u.used", round, i), held[i]);
            series_release(table, held[i]);
            series_release(table, held[i]);
        }
        assert_int_equal(series_count(table), 0);
    }
    assert_true(highest < 1024);
    series_table_free(table);
}

static void a_value_never_passes_what_a_double_holds(void **state)
{
    struct snapshot snapshot = {0};

    (void)state;
    snapshot_clear(&snapshot, 1594380720);
    snapshot_add(&snapshot, 1, UINT64_MAX);
    snapshot_add(&snapshot, 2, 7);
    assert_int_equal(snapshot.count, 2);
    assert_true(snapshot.values[0] == SNAPSHOT_VALUE_MAX);
    assert_int_equal(snapshot.values[1], 7);
    snapshot_add(&snapshot, SERIES_NONE, 7);
    assert_true(snapshot.failed);
    assert_int_equal(snapshot.count, 2);
    snapshot_clean(&snapshot);
}

static void anything_becomes_a_node(void **state)
{
    const struct {
        const char *bytes;
        const char *node;
    } rows[] = {
        {"var_log", "var_log"},  {"a b\tc\n.;\\", "a_b_c____"},      {"", "_"},
        {"\xff\xc3\xa4", "___"}, {"db-01.example", "db-01_example"},
    };
    char node[NODE_MAX + 1];
    char raw[NODE_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        node_make(node, rows[i].bytes, strlen(rows[i].bytes));
        assert_string_equal(node, rows[i].node);
        assert_true(node_valid(node));
    }
    memset(raw, 'a', sizeof raw);
    node_make(node, raw, NODE_MAX);
    assert_int_equal(strlen(node), NODE_MAX);
    assert_memory_equal(node, raw, NODE_MAX);

    char other[NODE_MAX + 1];
    node_make(node, raw, NODE_MAX + 1);
    raw[NODE_MAX] = 'b';
    node_make(other, raw, NODE_MAX + 1);
    assert_int_equal(strlen(node), NODE_MAX);
    assert_true(node_valid(node));
    assert_int_equal(node[NODE_MAX - 9], '_');
    assert_string_not_equal(node, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_kept_once),
        cmocka_unit_test(numbers_are_used_again),
        cmocka_unit_test(a_value_never_passes_what_a_double_holds),
        cmocka_unit_test(anything_becomes_a_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
