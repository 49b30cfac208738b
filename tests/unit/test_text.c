/* The text of DataPoints, as lines and as elements of a JSON array. */
#include "emitter/text.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_S 1594380720

struct fixture {
    struct series_table *table;
    struct snapshot snapshot;
    struct bytes out;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture->table = series_table_new("redis.0");
    snapshot_clear(&fixture->snapshot, NOW_S);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    snapshot_clean(&fixture->snapshot);
    series_table_free(fixture->table);
    bytes_clean(&fixture->out);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, const char *specific, uint64_t value)
{
    snapshot_add(&fixture->snapshot, series_intern(fixture->table, "%s", specific), value);
}

static void check(struct fixture *fixture, const char *expected)
{
    bytes_add(&fixture->out, "", 1);
    assert_string_equal((const char *)fixture->out.data, expected);
    bytes_cut(&fixture->out, 0);
}

static void test_lines(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(text_lines(&fixture->out, fixture->table, &fixture->snapshot), 0);
    check(fixture, "");
    add(fixture, "system.load.error", 0);
    add(fixture, "system.disk.a-b_C.total", 6113067008);
    assert_int_equal(text_lines(&fixture->out, fixture->table, &fixture->snapshot), 0);
    assert_int_equal(text_lines(&fixture->out, fixture->table, &fixture->snapshot), 0);
    check(fixture, "redis.0.system.load.error 0 1594380720\n"
                   "redis.0.system.disk.a-b_C.total 6113067008 1594380720\n"
                   "redis.0.system.load.error 0 1594380720\n"
                   "redis.0.system.disk.a-b_C.total 6113067008 1594380720\n");
}

static void test_json(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(text_json(&fixture->out, fixture->table, &fixture->snapshot, true), 0);
    check(fixture, "");
    add(fixture, "system.load.error", 0);
    add(fixture, "parachute.activated", 1);
    assert_int_equal(text_json(&fixture->out, fixture->table, &fixture->snapshot, true), 0);
    check(fixture, "  \"redis.0.system.load.error 0 1594380720\",\n"
                   "  \"redis.0.parachute.activated 1 1594380720\"");
    assert_int_equal(text_json(&fixture->out, fixture->table, &fixture->snapshot, false), 0);
    check(fixture, ",\n  \"redis.0.system.load.error 0 1594380720\",\n"
                   "  \"redis.0.parachute.activated 1 1594380720\"");
}

/* Every number of digits, at both ends; the C library is the judge. */
static void test_numbers(void **state)
{
    struct fixture *fixture = *state;
    uint64_t power = 1;
    char expected[64 * 80] = "";
    size_t len = 0;

    /* A locale that groups digits, where there is one, must not show. */
    setlocale(LC_ALL, "de_DE.UTF-8");
    for (int digits = 1; digits <= 16; digits++, power *= 10) {
        const uint64_t values[] = {power - 1, power, power + 1, power * 9};

        for (size_t i = 0; i < 4; i++)
            add(fixture, "x.y", values[i]);
    }
    add(fixture, "x.y", UINT64_C(4294967296));
    add(fixture, "x.y", UINT64_C(9007199254740991));
    add(fixture, "x.y", UINT64_C(9007199254740992));
    for (size_t i = 0; i < fixture->snapshot.count; i++)
        len +=
            (size_t)snprintf(expected + len, sizeof expected - len,
                             "redis.0.x.y %" PRId64 " 1594380720\n", fixture->snapshot.values[i]);
    assert_int_equal(text_lines(&fixture->out, fixture->table, &fixture->snapshot), 0);
    check(fixture, expected);
    assert_non_null(strstr(expected, " 9007199254740992 "));
    assert_null(strstr(expected, " 9007199254740993 "));
}

/* A snapshot that is longer than any piece of a buffer's memory. */
static void test_long(void **state)
{
    struct fixture *fixture = *state;
    char node[201];

    memset(node, 'n', sizeof node - 1);
    node[sizeof node - 1] = '\0';
    for (int i = 0; i < 5000; i++)
        snapshot_add(&fixture->snapshot,
                     series_intern(fixture->table, "%s.%s.%s.%d", node, node, node, i),
                     SNAPSHOT_VALUE_MAX);
    assert_int_equal(text_lines(&fixture->out, fixture->table, &fixture->snapshot), 0);

    const char *at = (const char *)fixture->out.data;
    for (int i = 0; i < 5000; i++) {
        char line[1024];
        size_t len =
            (size_t)snprintf(line, sizeof line, "redis.0.%s.%s.%s.%d 9007199254740992 1594380720\n",
                             node, node, node, i);
        assert_memory_equal(at, line, len);
        at += len;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
