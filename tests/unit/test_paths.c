/* Paths: what was written is read again; nothing that is no path is. */
#include "base/node.h"
#include "emitter/ring/paths.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes all paths from a copy that ends where the bytes do. Gives how many; -1 after a bad one. */
static int take_all(const uint8_t *bytes, size_t len, char (*paths)[64])
{
    char path[PATHS_LONGEST + 1];
    size_t path_len = 0;
    int count = 0;
    bool sound = true;
    uint8_t *exact = malloc(len + !len);

    assert_non_null(exact);
    memcpy(exact, bytes, len);
    struct bytes_in in = {exact, exact + len, false};
    while (sound && in.at < in.end) {
        sound = paths_take(&in, path, &path_len) == 0;
        if (sound) {
            assert_int_equal(strlen(path), path_len);
            if (paths)
                snprintf(paths[count], 64, "%s", path);
            count++;
        }
    }
    free(exact);
    return sound ? count : -1;
}

static void what_was_written_is_read(void **state)
{
    static const char *const specific[] = {
        "system.cpu0.user",
        "system.cpu0.system",
        "system.cpu0.idle",
        "system.cpu1.user",
        "x",
        "xy",
        "xy",
        "x",
        "parachute.error",
    };
    enum { count = sizeof specific / sizeof *specific };
    struct series_table *table = series_table_new("redis.0");
    uint32_t series[count];
    char paths[count][64];
    struct bytes out = {0};

    (void)state;
    for (size_t i = 0; i < count; i++)
        series[i] = series_intern(table, "%s", specific[i]);
    paths_add(&out, table, series, count);
    assert_false(out.failed);
    assert_int_equal(take_all(out.data, out.len, paths), count);
    for (size_t i = 0; i < count; i++) {
        char expected[64];

        snprintf(expected, sizeof expected, "redis.0.%s", specific[i]);
        assert_string_equal(paths[i], expected);
        series_release(table, series[i]);
    }
    assert_memory_equal(out.data, "\x00\x18redis.0.system.cpu0.user\x14\x06system\x14\x04idle", 40);
    bytes_clean(&out);
    series_table_free(table);
}

static void only_paths_are_read(void **state)
{
#define BYTES(text) text, sizeof(text) - 1
    const struct {
        const char *bytes;
        size_t len;
        int count;
    } rows[] = {
        {BYTES(""), 0},
        {BYTES("\x00\x03n.a"), 1},
        {BYTES("\x00\x03n.a\x02\x01z\x03\x00"), 3},
        {BYTES("\x01\x03n.a"), -1},          /* has in common what there is not */
        {BYTES("\x00\x03n.a\x04\x01z"), -1}, /* the same, later */
        {BYTES("\x00\x04n.a"), -1},          /* torn */
        {BYTES("\x00"), -1},                 /* torn earlier */
        {BYTES("\x00\x04n.ab\x03"), -1},     /* where a path ends, later */
        {BYTES("\x00\x80"), -1},             /* in a number */
        {BYTES("\x00\x00"), -1},             /* empty */
        {BYTES("\x00\x03n.a\x00\x00"), -1},  /* empty, later */
        {BYTES("\x00\x01n"), -1},            /* one node */
        {BYTES("\x00\x02.n"), -1},           /* empty nodes */
        {BYTES("\x00\x02n."), -1},
        {BYTES("\x00\x04n..a"), -1},
        {BYTES("\x00\x05n.a b"), -1}, /* what would break a line */
        {BYTES("\x00\x05n.a\nb"), -1},
        {BYTES("\x00\x05n.a\0"
               "b"),
         -1},
        {BYTES("\x00\x05n.a\xc3\xa4"), -1},
        {BYTES("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01n.a"), -1},
        {BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x03n.a"), -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (take_all((const uint8_t *)rows[i].bytes, rows[i].len, NULL) != rows[i].count)
            fail_msg("row %zu: not %d paths", i, rows[i].count);
}

/* Nodes of `node_len` bytes up to a length of `len`; the last one may be shorter. */
static char *long_path(size_t len, size_t node_len)
{
    char *path = malloc(len + 1);

    assert_non_null(path);
    for (size_t i = 0; i < len; i++)
        path[i] = i % (node_len + 1) == node_len ? '.' : 'a';
    path[len] = '\0';
    return path;
}

static void lengths_are_bounded(void **state)
{
    const struct {
        size_t len;
        size_t node_len;
        bool valid;
    } rows[] = {
        {PATHS_LONGEST, NODE_MAX, true},
        {PATHS_LONGEST + 1, NODE_MAX, false},
        {PATHS_LONGEST, NODE_MAX + 1, false},
        {100000, NODE_MAX, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes bytes = {0};
        char *path = long_path(rows[i].len, rows[i].node_len);

        bytes_add_varint(&bytes, 0);
        bytes_add_varint(&bytes, rows[i].len);
        bytes_add(&bytes, path, rows[i].len);
        assert_int_equal(take_all(bytes.data, bytes.len, NULL), rows[i].valid ? 1 : -1);

        /* And none is written that could not be read. */
        struct series_table *table = series_table_new("a");
        uint32_t series = series_intern(table, "%s", path + 2);
        bytes_cut(&bytes, 0);
        path[1] = '.';
        paths_add(&bytes, table, &series, 1);
        assert_int_equal(bytes.failed, !rows[i].valid);
        series_release(table, series);
        series_table_free(table);
        bytes_clean(&bytes);
        free(path);
    }
}

/* A path may grow by steps; the step over the limit is refused. */
static void it_does_not_grow_past_the_limit(void **state)
{
    char path[PATHS_LONGEST + 1];
    size_t len = 0;
    struct bytes bytes = {0};
    char *first = long_path(PATHS_LONGEST - 1, 1);

    (void)state;
    bytes_add_varint(&bytes, 0);
    bytes_add_varint(&bytes, PATHS_LONGEST - 1);
    bytes_add(&bytes, first, PATHS_LONGEST - 1);
    for (size_t common = PATHS_LONGEST - 1; common <= PATHS_LONGEST; common++) {
        bytes_add_varint(&bytes, common);
        bytes_add_varint(&bytes, 1);
        bytes_add(&bytes, "b", 1);
    }
    struct bytes_in in = {bytes.data, bytes.data + bytes.len, false};
    assert_int_equal(paths_take(&in, path, &len), 0);
    assert_int_equal(paths_take(&in, path, &len), 0);
    assert_int_equal(len, PATHS_LONGEST);
    assert_int_equal(paths_take(&in, path, &len), -1);
    free(first);
    bytes_clean(&bytes);
}

/* Sound bytes, cut and spoilt: whatever is taken is a path, and no byte past the end is read. */
static void spoilt_bytes_do_no_harm(void **state)
{
    struct series_table *table = series_table_new("n.o");
    uint32_t series[40];
    struct bytes out = {0};

    (void)state;
    srandom(1);
    for (unsigned i = 0; i < 40; i++)
        series[i] = series_intern(table, "system.disk.d%u.%s", i / 4, i % 2 ? "used" : "total");
    paths_add(&out, table, series, 40);
    for (unsigned round = 0; round < 5000; round++) {
        uint8_t spoilt[1024];

        assert_true(out.len <= sizeof spoilt);
        memcpy(spoilt, out.data, out.len);
        for (long i = random() % 3; i >= 0; i--)
            spoilt[(size_t)random() % out.len] = (uint8_t)random();
        take_all(spoilt, (size_t)random() % (out.len + 1), NULL);
    }
    for (unsigned i = 0; i < 40; i++)
        series_release(table, series[i]);
    bytes_clean(&out);
    series_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(only_paths_are_read),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(it_does_not_grow_past_the_limit),
        cmocka_unit_test(spoilt_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
