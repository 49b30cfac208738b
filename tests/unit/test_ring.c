/* The ring: what it holds, what each reader gets and loses, and what it gives back. */
#include "base/series.h"
#include "emitter/ring/cursor.h"
#include "tests/unit/unit.h"

#include <string.h>

static uint32_t intern(struct series_table *table, const char *name)
{
    return series_intern(table, "%s", name);
}

/*
 * Appends a snapshot of the series named in `names`, one letter each. Its values are `value`,
 * `value` + 1 and so on. Like a collector does, it lets go of the series afterwards.
 */
static void append(struct ring *ring, struct series_table *table, const char *names, int64_t value)
{
    struct snapshot snapshot = {0};

    snapshot_clear(&snapshot, 1594380000 + value);
    for (size_t i = 0; names[i]; i++)
        snapshot_add(&snapshot, intern(table, (char[]){names[i], '\0'}), (uint64_t)value + i);
    assert_int_equal(ring_append(ring, &snapshot), 0);
    for (size_t i = 0; i < snapshot.count; i++)
        series_release(table, snapshot.series[i]);
    snapshot_clean(&snapshot);
}

static void check(const struct ring *ring, const struct series_table *table, uint64_t number,
                  const char *names, int64_t value)
{
    struct ring_cursor cursor = {0};
    struct snapshot snapshot = {0};

    assert_true(cursor_read(&cursor, ring, number, &snapshot));
    cursor_clean(&cursor);
    assert_int_equal(snapshot.timestamp_s, 1594380000 + value);
    assert_int_equal(snapshot.count, strlen(names));
    for (size_t i = 0; i < snapshot.count; i++) {
        size_t len = 0;
        const char *path = series_path(table, snapshot.series[i], &len);

        assert_string_equal(path, ((char[]){'n', '.', names[i], '\0'}));
        assert_int_equal(snapshot.values[i], value + (int64_t)i);
    }
    snapshot_clean(&snapshot);
}

static bool holds(const struct ring *ring, uint64_t number)
{
    struct ring_cursor cursor = {0};
    struct snapshot snapshot = {0};
    bool held = cursor_read(&cursor, ring, number, &snapshot);

    cursor_clean(&cursor);
    snapshot_clean(&snapshot);
    return held;
}

static void test_turning(void **state)
{
    static const size_t capacities[] = {1, 2, 3, 7, 100};

    (void)state;
    for (size_t c = 0; c < sizeof capacities / sizeof capacities[0]; c++) {
        struct series_table *table = series_table_new("n");
        struct ring *ring = ring_new(&(struct ring_options){.capacity = capacities[c]}, table);

        assert_int_equal(ring_capacity(ring), capacities[c]);
        assert_int_equal(ring_first(ring), ring_end(ring));
        assert_false(holds(ring, ring_first(ring)));
        for (uint64_t n = 1; n <= 50; n++) {
            uint64_t first = n > capacities[c] ? n - capacities[c] + 1 : 1;

            append(ring, table, "ab", (int64_t)n * 10);
            assert_int_equal(ring_first(ring), first);
            assert_int_equal(ring_end(ring), n + 1);
            for (uint64_t number = first; number <= n; number++)
                check(ring, table, number, "ab", (int64_t)number * 10);
            assert_false(holds(ring, first - 1));
            assert_false(holds(ring, n + 1));
        }
        ring_free(ring);
        series_table_free(table);
    }
}

/* Each reader has its own place, and its own losses. */
static void test_cursors(void **state)
{
    struct series_table *table = series_table_new("n");
    struct ring *ring = ring_new(&(struct ring_options){.capacity = 4}, table);
    struct ring_cursor quick = {.next = 1};
    struct ring_cursor slow = {.next = 1};
    struct ring_cursor late = {.next = 1};
    struct snapshot snapshot = {0};

    (void)state;
    assert_false(cursor_next(&quick, ring, &snapshot));
    for (int64_t n = 1; n <= 10; n++) {
        append(ring, table, "a", n);
        assert_true(cursor_next(&quick, ring, &snapshot));
        assert_int_equal(snapshot.values[0], n);
        assert_false(cursor_next(&quick, ring, &snapshot));
        if (n % 5 == 0) {
            assert_true(cursor_next(&slow, ring, &snapshot));
            assert_int_equal(snapshot.values[0], n == 5 ? 2 : 7);
        }
    }
    assert_int_equal(quick.lost, 0);
    assert_int_equal(slow.lost, 1 + 4);
    assert_int_equal(slow.next, 8);
    for (int64_t n = 7; n <= 10; n++) {
        assert_true(cursor_next(&late, ring, &snapshot));
        assert_int_equal(snapshot.values[0], n);
    }
    assert_false(cursor_next(&late, ring, &snapshot));
    assert_int_equal(late.lost, 6);
    cursor_clean(&quick);
    cursor_clean(&slow);
    cursor_clean(&late);
    snapshot_clean(&snapshot);
    ring_free(ring);
    series_table_free(table);
}

/* Mounts come and go: every snapshot has the series it was taken with, for as long as it is there.
 */
static void test_layouts(void **state)
{
    static const char *const names[] = {"abc", "abc", "ab", "", "", "abcdefgh", "acb", "b", "abc"};
    enum { COUNT = sizeof names / sizeof names[0], CAPACITY = 4 };
    struct series_table *table = series_table_new("n");
    struct ring *ring = ring_new(&(struct ring_options){.capacity = CAPACITY}, table);

    (void)state;
    for (uint64_t n = 1; n <= UINT64_C(3) * COUNT; n++) {
        append(ring, table, names[(n - 1) % COUNT], (int64_t)n);
        for (uint64_t number = ring_first(ring); number <= n; number++)
            check(ring, table, number, names[(number - 1) % COUNT], (int64_t)number);
    }
    ring_free(ring);
    assert_int_equal(series_count(table), 0);
    series_table_free(table);
}

/* A series is held while a snapshot with it is in the ring, and not longer. */
static void test_series_released(void **state)
{
    struct series_table *table = series_table_new("n");
    struct ring *ring = ring_new(&(struct ring_options){.capacity = 3}, table);

    (void)state;
    append(ring, table, "axyz", 1);
    append(ring, table, "ab", 2);
    append(ring, table, "ab", 3);
    assert_int_equal(series_count(table), 5);
    append(ring, table, "ab", 4);
    assert_int_equal(series_count(table), 2);
    for (int64_t n = 5; n <= 7; n++)
        append(ring, table, "c", n);
    assert_int_equal(series_count(table), 1);
    check(ring, table, 7, "c", 7);
    ring_free(ring);
    assert_int_equal(series_count(table), 0);
    series_table_free(table);
}

/* A full ring takes no more memory while the series stay, and gives back what more series took. */
static void test_memory(void **state)
{
    enum { CAPACITY = 1000, TURNS = 5 };
    struct series_table *table = series_table_new("n");
    struct ring *ring = ring_new(&(struct ring_options){.capacity = CAPACITY}, table);
    size_t full = 0;
    int64_t n = 0;

    (void)state;
    while (n < (int64_t)TURNS * CAPACITY) {
        append(ring, table, "abcdefghij", ++n);
        if (n == CAPACITY)
            full = ring_bytes(ring);
        if (n > CAPACITY) /* the oldest block goes as a whole */
            assert_in_range(ring_bytes(ring), full / 2, full * 3 / 2);
    }
    assert_true(full < (size_t)CAPACITY * 10 * 2); /* at most 2 bytes for each value */

    const char *const names[] = {"abcdefghijklmnopqrstuvwxyz", "acegikmoqsuwy"};
    for (unsigned i = 0; i < CAPACITY / 2; i++)
        append(ring, table, names[i % 2], ++n);
    assert_true(ring_bytes(ring) > full * 2);
    for (unsigned i = 0; i < 2 * CAPACITY; i++)
        append(ring, table, "abcdefghij", ++n);
    assert_true(ring_bytes(ring) < full * 3 / 2);
    assert_int_equal(series_count(table), 10);
    ring_free(ring);
    assert_int_equal(series_count(table), 0);
    series_table_free(table);
}

/* A long history costs what is in it. */
static void test_long_history(void **state)
{
    struct series_table *table = series_table_new("n");
    struct ring *ring = ring_new(&(struct ring_options){.capacity = 10000000}, table);

    (void)state;
    assert_non_null(ring);
    for (int64_t n = 1; n <= 10; n++)
        append(ring, table, "ab", n);
    assert_true(ring_bytes(ring) < 4096);
    check(ring, table, 10, "ab", 10);
    for (int64_t n = 11; n <= 20000; n++)
        append(ring, table, "abcdefghij", n);
    assert_true(ring_bytes(ring) <
                (size_t)20000 * 10); /* a byte for each value is more than enough */
    check(ring, table, 17777, "abcdefghij", 17777);
    ring_free(ring);
    series_table_free(table);
}

struct watch {
    const struct ring *ring;
    uint64_t gone;
};

static void on_evict(void *arg, uint64_t from, uint64_t end)
{
    struct watch *watch = arg;

    assert_int_equal(from, ring_first(watch->ring));
    assert_true(end > from);
    for (uint64_t number = from; number < end; number++)
        assert_true(holds(watch->ring, number));
    watch->gone += end - from;
}

/* Who asks is told of each snapshot before it goes, and can read it still. */
static void test_evict(void **state)
{
    struct watch watch = {0};
    struct series_table *table = series_table_new("n");
    struct ring *ring =
        ring_new(&(struct ring_options){.capacity = 30, .evict = on_evict, .arg = &watch}, table);

    (void)state;
    watch.ring = ring;
    for (int64_t n = 1; n <= 200; n++) {
        if (n == 50)
            ring_settle(ring, 400); /* a file that has not room for as many */
        append(ring, table, n % 3 ? "ab" : "abc", n);
        assert_int_equal(watch.gone, ring_first(ring) - 1);
    }
    assert_true(ring_count(ring) < 30);
    ring_free(ring);
    series_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turning), cmocka_unit_test(test_cursors),
        cmocka_unit_test(test_layouts), cmocka_unit_test(test_series_released),
        cmocka_unit_test(test_memory),  cmocka_unit_test(test_long_history),
        cmocka_unit_test(test_evict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
