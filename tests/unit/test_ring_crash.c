/*
 * The ring and its file, where the end may come at any byte: what the next agent finds is the
 * newest part, without a gap, and each value is right.
 */
#include "tests/unit/image.h"

static struct scribe_message message;

/* The blocks that have a place are apart from each other, with room for the zero byte. */
static void check_places(const struct image *image)
{
    const struct block *blocks[1024];
    size_t count = 0;
    uint64_t number = ring_first(image->ring);
    const struct block *block = NULL;

    while ((block = ring_block(image->ring, number)) != NULL) {
        number = block_end(block);
        if (block->at == BLOCK_UNPLACED)
            continue;
        assert_int_equal(block->at % 64, 0);
        assert_true(block->at + block->bytes.len + 1 <= image->data_bytes);
        for (size_t i = 0; i < count; i++)
            assert_true(block->at + block->bytes.len < blocks[i]->at ||
                        blocks[i]->at + blocks[i]->bytes.len < block->at);
        assert_true(count < 1024);
        blocks[count++] = block;
    }
}

/* What can be told of the file when only `most` bytes of the message reached it. */
static void crash(const struct image *image, size_t most, bool go_on, struct image *next)
{
    struct image torn = *image;
    struct ringfile found;
    int result = 0;
    uint64_t oldest = 0;

    torn.bytes = malloc(RINGFILE_DATA_AT + image->data_bytes);
    assert_non_null(torn.bytes);
    memcpy(torn.bytes, image->bytes, RINGFILE_DATA_AT + image->data_bytes);
    image_write(&torn, &message, most);

    uint8_t *copy = image_scan(torn.bytes, torn.len, &found, &result);
    assert_int_equal(result, 0);
    assert_false(found.damaged);
    struct image loaded = image_load(&found, ring_capacity(image->ring), torn.bytes, torn.len);
    uint64_t served = history_read(loaded.ring, loaded.table, &oldest);
    uint64_t written = image->outgoing.mark.end;
    if (most == message.len && image->outgoing.next.end > written)
        written = image->outgoing.next.end;
    if (written > ring_first(image->ring)) {
        assert_true(served > 0);
        assert_true(ring_first(loaded.ring) <= ring_first(image->ring));
        assert_true(ring_back(loaded.ring, 1) + 1 >= written);
    }
    check_places(&loaded);

    if (found.missing > 0)
        assert_true(found.torn);
    if (most == message.len && message.complete)
        assert_false(found.torn);
    ringfile_clean(&found);
    free(copy);
    free(torn.bytes);
    if (go_on)
        *next = loaded;
    else
        image_free(&loaded);
}

/* The number of what was taken last, for as long as all is there. */
static uint64_t newest(const struct image *image)
{
    struct snapshot snapshot = {0};
    uint64_t taken = 0;

    if (ring_newest(image->ring, &snapshot) == 0)
        taken = history_check(image->table, &snapshot);
    snapshot_clean(&snapshot);
    return taken;
}

static void run(size_t capacity, uint64_t data_bytes, unsigned snapshots)
{
    struct image image = image_new(capacity, data_bytes);
    unsigned late = 0; /* turns in which the disk stalls */
    unsigned goes_on = 0;

    ring_settle(image.ring, data_bytes);
    for (unsigned n = 0; n < snapshots; n++) {
        history_append(image.ring, image.table, newest(&image) + 1);
        check_places(&image);
        if (late > 0) {
            late--;
            continue;
        }
        late = history_any(20) == 0 ? (unsigned)history_any(60) : 0;
        while (outgoing_any(&image.outgoing, image.ring)) {
            struct image next = {0};
            bool go_on = history_any(20) == 0;

            image_next(&image, &message);
            size_t most = history_any(3) == 0 ? message.len : history_any(message.len);
            crash(&image, most, go_on, &next);
            if (go_on) {
                goes_on++;
                image_free(&image);
                image = next;
                continue;
            }
            image_write(&image, &message, message.len);
            outgoing_done(&image.outgoing);
        }
    }
    assert_true(goes_on > 10);
    image_free(&image);
}

static void test_history_evicts(void **state)
{
    (void)state;
    run(90, 16000, 1500);
}

static void test_size_evicts(void **state)
{
    (void)state;
    run(100000, 6000, 1500);
    run(100000, 12345, 1000);
}

/* The file is so small that a block is few snapshots. */
static void test_tiny(void **state)
{
    (void)state;
    run(100000, 4000, 1500);
}

/* Blocks of two snapshots, of which some are far smaller than the next. */
static void test_uneven(void **state)
{
    (void)state;
    run(7, 3000, 2500);
}

/* Both bounds at once, so that what is evicted by history lies in the file for a while. */
static void test_both(void **state)
{
    (void)state;
    run(150, 9000, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history_evicts), cmocka_unit_test(test_size_evicts),
        cmocka_unit_test(test_tiny),           cmocka_unit_test(test_uneven),
        cmocka_unit_test(test_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
