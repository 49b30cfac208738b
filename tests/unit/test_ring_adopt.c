/* The ring takes in what an earlier agent left: in order, with gaps, late, and goes on. */
#include "tests/unit/image.h"

enum { DATA_BYTES = 90000, CAPACITY = 10000 };

/* The file of an agent that took 1..count. */
static struct image earlier(uint64_t count)
{
    struct image image = image_new(CAPACITY, DATA_BYTES);

    ring_settle(image.ring, DATA_BYTES);
    for (uint64_t taken = 1; taken <= count; taken++)
        history_append(image.ring, image.table, taken);
    image_catch_up(&image);
    return image;
}

static uint8_t *scan(const struct image *image, struct ringfile *found)
{
    int result = 0;
    uint8_t *copy = image_scan(image->bytes, image->len, found, &result);

    assert_int_equal(result, 0);
    return copy;
}

/* The last block goes on, and each number is that of before. */
static void test_goes_on(void **state)
{
    struct image image = earlier(300);
    uint64_t oldest = 0;

    (void)state;
    for (unsigned restarts = 0; restarts < 20; restarts++) {
        struct ringfile found;
        uint8_t *copy = scan(&image, &found);
        struct image next = image_load(&found, CAPACITY, image.bytes, image.len);
        size_t blocks = found.count;
        uint64_t end = ring_end(image.ring);

        assert_int_equal(ring_end(next.ring), end);
        assert_int_equal(history_read(next.ring, next.table, &oldest), end - 1);
        assert_false(outgoing_any(&next.outgoing, next.ring));
        assert_true(blocks < 5);
        image_free(&image);
        image = next;
        history_append(image.ring, image.table, end);
        image_catch_up(&image);
        ringfile_clean(&found);
        free(copy);
    }
    assert_int_equal(oldest, 1);
    assert_int_equal(ring_first(image.ring), 1);
    image_free(&image);
}

/* What a damaged block had is skipped, is told to readers as lost, and counts for nobody. */
static void test_gaps(void **state)
{
    struct image image = earlier(900);
    const struct block *bad = ring_block(image.ring, 400);
    uint64_t from = bad->first;
    uint64_t end = block_end(bad);
    struct ringfile found;
    struct snapshot snapshot = {0};
    struct ring_cursor cursor = {.next = from - 1};

    (void)state;
    assert_true(from > 1 && end < 901);
    image.bytes[RINGFILE_DATA_AT + bad->at] ^= 1;
    uint8_t *copy = scan(&image, &found);
    assert_true(found.damaged);
    struct image next = image_load(&found, CAPACITY, image.bytes, image.len);
    size_t count = 900 - (size_t)(end - from);

    assert_int_equal(ring_first(next.ring), 1);
    assert_int_equal(ring_end(next.ring), 901);
    assert_int_equal(ring_count(next.ring), count);
    assert_int_equal(ring_back(next.ring, 1), 900);
    assert_int_equal(ring_back(next.ring, 901 - (size_t)end), end);
    assert_int_equal(ring_back(next.ring, 901 - (size_t)end + 1), from - 1);
    assert_int_equal(ring_back(next.ring, count), 1);
    assert_int_equal(ring_back(next.ring, count + 5), 1);
    assert_false(cursor_read(&cursor, next.ring, from, &snapshot));
    assert_true(cursor_next(&cursor, next.ring, &snapshot));
    assert_int_equal(cursor.lost, 0);
    assert_true(cursor_next(&cursor, next.ring, &snapshot));
    assert_int_equal(history_check(next.table, &snapshot), end);
    assert_int_equal(cursor.lost, end - from);
    assert_int_equal(cursor.next, end + 1);
    cursor_clean(&cursor);
    snapshot_clean(&snapshot);
    ringfile_clean(&found);
    free(copy);
    image_free(&image);
    image_free(&next);
}

/* The history counts snapshots, not numbers. */
static void test_history_after_damage(void **state)
{
    struct image image = earlier(1100);
    const struct block *bad = ring_block(image.ring, 400);
    struct ringfile found;

    (void)state;
    image.bytes[RINGFILE_DATA_AT + bad->at] ^= 1;
    uint8_t *copy = scan(&image, &found);
    struct image next = image_load(&found, 650, image.bytes, image.len);
    size_t count = ring_count(next.ring);

    assert_true(count <= 650 && count >= 600);
    for (uint64_t taken = 1101; taken < 1500; taken++) {
        history_append(next.ring, next.table, taken);
        count += count < 650;
        assert_int_equal(ring_count(next.ring), count);
    }
    ringfile_clean(&found);
    free(copy);
    image_free(&image);
    image_free(&next);
}

/* The numbers of what is lost at the end are not given to others. */
static void test_lost_end(void **state)
{
    struct image image = earlier(300);
    const struct block *last = ring_block(image.ring, 300);
    struct ringfile found;
    struct snapshot snapshot = {0};
    struct ring_cursor cursor = {0};

    (void)state;
    image.bytes[RINGFILE_DATA_AT + last->at + last->bytes.len - 1] ^= 1;
    uint8_t *copy = scan(&image, &found);
    assert_true(found.torn);
    assert_int_equal(found.missing, 1);
    struct image next = image_load(&found, CAPACITY, image.bytes, image.len);

    assert_int_equal(ring_end(next.ring), 300);
    assert_int_equal(ring_count(next.ring), 299);
    assert_int_equal(ring_back(next.ring, 1), 299);
    history_append(next.ring, next.table, 300);
    assert_true(cursor_read(&cursor, next.ring, 301, &snapshot));
    assert_int_equal(history_check(next.table, &snapshot), 300);
    assert_false(cursor_read(&cursor, next.ring, 300, &snapshot));
    image_catch_up(&next);
    ringfile_clean(&found);
    free(copy);

    copy = scan(&next, &found); /* and that is no damage any more */
    assert_false(found.torn || found.damaged);
    ringfile_clean(&found);
    free(copy);
    cursor_clean(&cursor);
    snapshot_clean(&snapshot);
    image_free(&image);
    image_free(&next);
}

/* The ring began without the file: that comes right before, and what was owed follows. */
static void test_late(void **state)
{
    static const unsigned appended[] = {0, 1, 30};
    struct image image = earlier(300);
    struct ringfile found;
    uint8_t *copy = scan(&image, &found);

    (void)state;
    for (size_t i = 0; i < sizeof appended / sizeof appended[0]; i++) {
        struct image next = image_new(CAPACITY, DATA_BYTES);
        struct incoming incoming = {0};
        uint64_t oldest = 0;

        ring_begin(next.ring, INCOMING_LATE);
        for (uint64_t n = 1; n <= appended[i]; n++)
            history_append(next.ring, next.table, 300 + n);
        image_tell(&incoming, &found);
        incoming_adopt(&incoming, next.ring, true, "here");
        assert_int_equal(incoming.refused, 0);
        ring_settle(next.ring, DATA_BYTES);
        assert_int_equal(ring_first(next.ring), INCOMING_LATE - 300);
        assert_int_equal(ring_end(next.ring), INCOMING_LATE + appended[i]);
        assert_int_equal(history_read(next.ring, next.table, &oldest), 300 + appended[i]);
        assert_int_equal(oldest, 1);

        const struct owed *owed = &positions_find(&incoming.positions, "graphite")->owed;
        assert_int_equal(owed->count, 1);
        assert_int_equal(owed->ranges[0].from, INCOMING_LATE - 300);
        assert_int_equal(owed->ranges[0].end, INCOMING_LATE);
        history_append(next.ring, next.table, 301 + appended[i]);
        assert_int_equal(history_read(next.ring, next.table, &oldest), 301 + appended[i]);

        image_catch_up(&next); /* all of it is written anew */
        struct ringfile again;
        uint8_t *bytes = scan(&next, &again);
        struct image last = image_load(&again, CAPACITY, next.bytes, next.len);
        assert_false(again.damaged || again.torn);
        assert_int_equal(history_read(last.ring, last.table, &oldest), 301 + appended[i]);
        ringfile_clean(&again);
        free(bytes);
        image_free(&last);
        incoming_clean(&incoming);
        image_free(&next);
    }
    ringfile_clean(&found);
    free(copy);
    image_free(&image);
}

/* What does not fit between what is there already is refused, and costs nothing else. */
static void test_refused(void **state)
{
    struct image image = earlier(900);
    struct ringfile found;
    uint8_t *copy = scan(&image, &found);
    struct image next = image_new(CAPACITY, DATA_BYTES);
    struct incoming incoming = {0};
    uint64_t oldest = 0;

    (void)state;
    assert_true(found.count >= 3);
    image_tell(&incoming, &found);
    struct ringfile oldest_only = found;
    oldest_only.count = 1;
    image_tell(&incoming, &oldest_only); /* once more */
    incoming_adopt(&incoming, next.ring, false, "here");
    assert_int_equal(incoming.refused, 1);
    assert_int_equal(history_read(next.ring, next.table, &oldest), 900);
    history_append(next.ring, next.table, 901);
    assert_int_equal(history_read(next.ring, next.table, &oldest), 901);
    incoming_clean(&incoming);
    ringfile_clean(&found);
    free(copy);
    image_free(&image);
    image_free(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_history_after_damage),
        cmocka_unit_test(test_lost_end),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
