/* The ring's file as hostile input: damaged anywhere, cut anywhere, or garbage. */
#include "base/crc.h"
#include "tests/unit/image.h"

enum { CAPACITY = 60, DATA_BYTES = 3008, TAKEN = 400, BITS_TRIED = 2 };

/* Full, and its circle has come round several times. */
static struct image full(void)
{
    struct image image = image_new(CAPACITY, DATA_BYTES);

    ring_settle(image.ring, DATA_BYTES);
    for (uint64_t taken = 1; taken <= TAKEN; taken++) {
        history_append(image.ring, image.table, taken);
        image_catch_up(&image);
    }
    return image;
}

/* How many of the snapshots from `first` on are served; each is right. */
static uint64_t served(const struct ringfile *found, uint64_t first)
{
    struct image loaded = image_load(found, 10000, NULL, 0);
    struct ring_cursor cursor = {.next = first};
    struct snapshot snapshot = {0};
    uint64_t count = 0;

    while (cursor_next(&cursor, loaded.ring, &snapshot)) {
        assert_int_equal(history_check(loaded.table, &snapshot), cursor.next - 1);
        count++;
    }
    cursor_clean(&cursor);
    snapshot_clean(&snapshot);
    image_free(&loaded);
    return count;
}

/* Whatever the bytes are: what is served is right, and what is not is reported. */
static int check_reported(const struct image *image, const uint8_t *bytes, size_t len,
                          uint64_t turn)
{
    struct ringfile found;
    int result = 0;
    uint8_t *copy = image_scan(bytes, len, &found, &result);

    if (result == 0 && !found.damaged && !found.torn) {
        uint64_t first = ring_first(image->ring);

        assert_int_equal(found.missing, 0);
        assert_int_equal(served(&found, first), ring_end(image->ring) - first);
        assert_int_equal(found.positions.turn, turn);
        assert_int_equal(found.data_bytes, DATA_BYTES);
    } else if (result == 0) {
        served(&found, 1);
    }
    ringfile_clean(&found);
    free(copy);
    return result;
}

static void test_sound(void **state)
{
    struct image image = full();
    struct ringfile found;
    int result = 0;
    uint8_t *copy = image_scan(image.bytes, image.len, &found, &result);

    (void)state;
    assert_int_equal(result, 0);
    assert_false(found.damaged);
    assert_false(found.torn);
    assert_int_equal(found.missing, 0);
    assert_int_equal(found.positions.turn, image.outgoing.turn);
    assert_string_equal(found.positions.list[0].name, "graphite");
    check_reported(&image, image.bytes, image.len, image.outgoing.turn);
    ringfile_clean(&found);
    free(copy);
    image_free(&image);
}

/* One byte never costs the whole. */
static void test_each_byte_flipped(void **state)
{
    struct image image = full();

    (void)state;
    for (size_t at = 0; at < image.len; at++) {
        bool blank = at < RINGFILE_DATA_AT && image.bytes[at] == 0;
        uint8_t before = image.bytes[at];

        if (blank && at % 16 != 0) /* one in 16 will do */
            continue;
        for (unsigned i = 0; i < BITS_TRIED; i++) {
            image.bytes[at] = before ^ (uint8_t)(1 + history_any(255));
            assert_int_equal(check_reported(&image, image.bytes, image.len, image.outgoing.turn),
                             0);
        }
        image.bytes[at] = 0;
        assert_int_equal(check_reported(&image, image.bytes, image.len, image.outgoing.turn), 0);
        image.bytes[at] = before;
    }
    image_free(&image);
}

/* One block damaged in the middle costs that block at most, and says how many snapshots. */
static void test_one_block(void **state)
{
    struct image image = full();
    struct ringfile found;
    int result = 0;
    uint64_t first = ring_first(image.ring);
    const struct block *middle = ring_block(image.ring, (first + ring_end(image.ring)) / 2);

    (void)state;
    assert_true(middle->first > first);
    assert_true(block_end(middle) < ring_end(image.ring));
    image.bytes[RINGFILE_DATA_AT + middle->at + 5] ^= 1; /* in its header */
    uint8_t *copy = image_scan(image.bytes, image.len, &found, &result);
    assert_int_equal(result, 0);
    assert_true(found.damaged);
    assert_int_equal(found.missing, middle->count);
    assert_int_equal(served(&found, first), ring_end(image.ring) - first - middle->count);
    ringfile_clean(&found);
    free(copy);
    image_free(&image);
}

static void test_cut_anywhere(void **state)
{
    struct image image = full();

    (void)state;
    for (size_t len = 0; len < image.len; len++) {
        bool blank = len < RINGFILE_DATA_AT && image.bytes[len] == 0;

        /* With its header only it looks as a new one does. */
        if (len != RINGFILE_HEADERS_BYTES && (!blank || len % 16 == 0))
            check_reported(&image, image.bytes, len, image.outgoing.turn);
    }
    image_free(&image);
}

static void test_none_of_ours(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        const char *why;
    } rows[] = {
        {0, 'B', "it is none of ours"},
        {8, 9, "its header is damaged"},
        {16, 1, "its header is damaged"},
        {24, 1, "its header is damaged"},
    };
    uint8_t header[RINGFILE_HEADERS_BYTES];
    struct ringfile found = {0};
    const char *why = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ringfile_header(9, header);
        header[rows[i].at] = rows[i].byte;
        header[2048] = 0; /* the second one */
        assert_int_equal(ringfile_scan(&found, header, sizeof header, &why), -1);
        assert_string_equal(why, rows[i].why);
    }
    ringfile_header(9, header);
    for (size_t at = 0; at <= 2048; at += 2048) {
        header[at + 8] = RINGFILE_VERSION + 1;
        bytes_put_u32(header + at + 24, crc_add(0, header + at, 24));
    }
    assert_int_equal(ringfile_scan(&found, header, sizeof header, &why), -1);
    assert_string_equal(why, "it is of another version");
    ringfile_clean(&found);
}

/* Garbage, some of it with a sound header, of blocks too. */
static void test_garbage(void **state)
{
    uint8_t bytes[RINGFILE_DATA_AT + 2048];

    (void)state;
    for (unsigned n = 0; n < 3000; n++) {
        size_t len = (size_t)history_any(sizeof bytes + 1);
        struct ringfile found;
        int result = 0;

        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(history_any(3) ? 0 : history_any(256));
        if (n % 4 > 0 && len >= RINGFILE_HEADERS_BYTES)
            ringfile_header(n % 4 == 1 ? UINT64_MAX : history_any(4096), bytes);
        for (size_t at = RINGFILE_DATA_AT; at + 24 <= len; at += 64) {
            bytes_put_u32(bytes + at, 0x4b4c4252); /* "RBLK" */
            bytes_put_u32(bytes + at + 4, crc_add(0, bytes + at + 8, 16));
        }
        free(image_scan(bytes, len, &found, &result));
        assert_true(result == 0 || n % 4 == 0 || len < RINGFILE_HEADERS_BYTES || n % 4 > 1);
        ringfile_clean(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),        cmocka_unit_test(test_each_byte_flipped),
        cmocka_unit_test(test_one_block),    cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_none_of_ours), cmocka_unit_test(test_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
