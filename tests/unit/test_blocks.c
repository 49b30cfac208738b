/* The ring's blocks: found by number, and each in its place in the file. */
#include "emitter/ring/blocks.h"
#include "tests/unit/history.h"

#include <stdlib.h>

static struct block *fake(uint64_t first, uint32_t count, size_t len)
{
    struct block *block = calloc(1, sizeof *block);

    assert_non_null(block);
    *block = (struct block){.first = first, .count = count, .at = BLOCK_UNPLACED};
    block->bytes.len = len;
    return block;
}

static void clean(struct blocks *blocks)
{
    while (blocks_newest(blocks))
        free(blocks_take_newest(blocks));
    blocks_clean(blocks);
}

/* With gaps between them: 10..14, 15..19, 30, 40..49 */
static void test_numbers(void **state)
{
    static const struct {
        uint64_t number;
        size_t index;
    } found[] = {{0, 0},  {10, 0}, {14, 0}, {15, 1}, {19, 1},        {20, 2},
                 {30, 2}, {31, 3}, {49, 3}, {50, 4}, {UINT64_MAX, 4}};
    static const struct {
        uint64_t first, end;
        size_t count;
    } between[] = {{0, 100, 21}, {12, 100, 19}, {12, 13, 1}, {20, 30, 0},
                   {20, 45, 6},  {50, 60, 0},   {14, 16, 2}, {12, 12, 0}};
    static const uint64_t from_13[] = {13, 14, 15, 16, 17, 18, 19, 30, 40, 41};
    struct blocks blocks = {0};

    (void)state;
    assert_null(blocks_newest(&blocks));
    assert_int_equal(blocks_find(&blocks, 1), 0);
    blocks_insert(&blocks, 0, fake(40, 10, 1)); /* in another order than they lie */
    blocks_insert(&blocks, 0, fake(10, 5, 1));
    blocks_insert(&blocks, 1, fake(30, 1, 1));
    blocks_insert(&blocks, 1, fake(15, 5, 1));
    assert_int_equal(blocks_newest(&blocks)->first, 40);
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        assert_int_equal(blocks_find(&blocks, found[i].number), found[i].index);
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++)
        assert_int_equal(blocks_between(&blocks, between[i].first, between[i].end),
                         between[i].count);
    for (size_t i = 0; i < sizeof from_13 / sizeof from_13[0]; i++)
        assert_int_equal(blocks_nth(&blocks, 13, i), from_13[i]);
    assert_int_equal(blocks_nth(&blocks, 20, 0), 30);
    clean(&blocks);
}

/* The list goes on for ever in the room that the blocks take. */
static void test_queue(void **state)
{
    struct blocks blocks = {0};
    uint64_t oldest = 1;
    uint64_t next = 1;

    (void)state;
    for (unsigned n = 0; n < 100000; n++) {
        if (blocks_count(&blocks) < 3 || (blocks_count(&blocks) < 40 && history_any(2))) {
            assert_int_equal(blocks_insert(&blocks, blocks_count(&blocks), fake(next++, 1, 1)), 0);
        } else {
            struct block *block = blocks_take_oldest(&blocks);

            assert_int_equal(block->first, oldest++);
            free(block);
        }
        assert_int_equal(blocks_count(&blocks), next - oldest);
        assert_int_equal(blocks_at(&blocks, 0)->first, oldest);
        assert_int_equal(blocks_newest(&blocks)->first, next - 1);
    }
    assert_true(blocks.room <= 128);
    clean(&blocks);
}

static void drop(struct blocks *blocks, size_t count)
{
    while (count-- > 0)
        free(blocks_take_oldest(blocks));
}

/* None lies over another, and not more go than stand in the way. */
static void test_places(void **state)
{
    enum { SIZE = 4096 };
    struct blocks blocks = {0};
    uint64_t wraps = 0;

    (void)state;
    for (uint64_t n = 1; n <= 20000; n++) {
        struct block *newest = blocks_newest(&blocks);
        uint64_t before = newest ? newest->at : 0;

        if (newest && history_any(3))
            newest->bytes.len += 1 + (size_t)history_any(90);
        else
            blocks_insert(&blocks, blocks_count(&blocks),
                          fake(n, 1, 24 + (size_t)history_any(400)));
        newest = blocks_newest(&blocks);
        if (newest->bytes.len > 1000) {
            newest->bytes.len = 1000;
            blocks_insert(&blocks, blocks_count(&blocks), fake(n, 1, 24));
            newest = blocks_newest(&blocks);
        }
        size_t gone = blocks_place(&blocks, blocks_count(&blocks) - 1, SIZE);
        uint64_t kept = 0;

        assert_true(gone < blocks_count(&blocks));
        drop(&blocks, gone);
        wraps += newest->at < before;
        assert_int_equal(newest->at % BLOCKS_ALIGNMENT, 0);
        assert_true(newest->at + newest->bytes.len < SIZE);
        for (size_t i = 0; i < blocks_count(&blocks); i++) {
            const struct block *block = blocks_at(&blocks, i);

            kept += block->bytes.len;
            for (size_t k = 0; k < i; k++) {
                const struct block *other = blocks_at(&blocks, k);

                assert_true(block->at + block->bytes.len < other->at ||
                            other->at + other->bytes.len < block->at);
            }
        }
        if (wraps > 0)
            assert_true(kept > SIZE / 4);
    }
    assert_true(wraps > 100);
    clean(&blocks);
}

/* One that can never lie in the file has no place, and nothing goes for it. */
static void test_too_large(void **state)
{
    struct blocks blocks = {0};

    (void)state;
    blocks_insert(&blocks, 0, fake(1, 1, 100));
    assert_int_equal(blocks_place(&blocks, 0, 1000), 0);
    blocks_insert(&blocks, 1, fake(2, 1, 1000));
    assert_int_equal(blocks_place(&blocks, 1, 1000), 0);
    assert_true(blocks_at(&blocks, 1)->at == BLOCK_UNPLACED);
    blocks_insert(&blocks, 2, fake(3, 1, 10));
    assert_int_equal(blocks_place(&blocks, 2, 1000), 0);
    assert_int_equal(blocks_at(&blocks, 2)->at, 128);
    blocks_at(&blocks, 2)->bytes.len = 999;
    assert_int_equal(blocks_place(&blocks, 2, 1000), 1);
    assert_int_equal(blocks_at(&blocks, 2)->at, 0);
    clean(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
