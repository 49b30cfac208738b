/* The ring holds more or fewer snapshots from now on. */
#include "tests/unit/history.h"

struct gone {
    const struct ring *ring;
    uint64_t end; /* all below were said to go, without a gap */
    bool readable;
};

static void on_evict(void *arg, uint64_t from, uint64_t end)
{
    struct gone *gone = arg;

    assert_int_equal(from, gone->end);
    gone->readable = ring_first(gone->ring) == from;
    gone->end = end;
}

static void test_resize(void **state)
{
    static const size_t sizes[] = {1000, 100, 101, 1, 2, 3000, 700};
    struct gone gone = {.end = 1};
    struct series_table *table = series_table_new("n");
    struct ring *ring =
        ring_new(&(struct ring_options){.capacity = 900, .evict = on_evict, .arg = &gone}, table);
    uint64_t taken = 0;

    (void)state;
    gone.ring = ring;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t first = 0;
        size_t count = ring_count(ring);

        ring_resize(ring, sizes[i]);
        size_t most = count < sizes[i] ? count : sizes[i];
        assert_int_equal(ring_capacity(ring), sizes[i]);
        assert_int_equal(history_read(ring, table, &first), most);
        assert_int_equal(ring_first(ring), gone.end);
        assert_int_equal(ring_end(ring), taken + 1);
        for (unsigned k = 0; k < 1100; k++)
            history_append(ring, table, taken++);
        most = count + 1100 < sizes[i] ? most + 1100 : sizes[i];
        assert_int_equal(history_read(ring, table, &first), most);
        assert_int_equal(first, taken - most);
        assert_int_equal(ring_first(ring), gone.end);
        assert_true(gone.readable || gone.end == 1);
    }
    ring_free(ring);
    assert_int_equal(series_count(table), 0);
    series_table_free(table);
}

/* A small ring does not keep the large blocks that it had as a larger one. */
static void test_blocks_follow(void **state)
{
    struct series_table *table = series_table_new("n");
    struct ring *ring = ring_new(&(struct ring_options){.capacity = 10000}, table);
    struct ring *small = ring_new(&(struct ring_options){.capacity = 8}, table);
    uint64_t first = 0;

    (void)state;
    for (uint64_t taken = 0; taken < 1000; taken++)
        history_append(ring, table, taken);
    ring_resize(ring, 8);
    for (uint64_t taken = 1000; taken < 1100; taken++) {
        history_append(ring, table, taken);
        history_append(small, table, taken);
    }
    assert_int_equal(history_read(ring, table, &first), 8);
    assert_in_range(ring_bytes(ring), 1, 2 * ring_bytes(small));
    ring_free(ring);
    ring_free(small);
    series_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_blocks_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
