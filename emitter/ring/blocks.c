#include "emitter/ring/blocks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t blocks_count(const struct blocks *blocks)
{
    return blocks->tail - blocks->head;
}

struct block *blocks_at(const struct blocks *blocks, size_t index)
{
    return blocks->list[blocks->head + index];
}

struct block *blocks_newest(const struct blocks *blocks)
{
    return blocks->tail > blocks->head ? blocks->list[blocks->tail - 1] : NULL;
}

size_t blocks_find(const struct blocks *blocks, uint64_t number)
{
    size_t low = 0;
    size_t high = blocks_count(blocks);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct block *block = blocks_at(blocks, middle);

        if (block_end(block) <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t blocks_between(const struct blocks *blocks, uint64_t first, uint64_t end)
{
    size_t count = 0;

    for (size_t i = blocks_find(blocks, first); i < blocks_count(blocks); i++) {
        const struct block *block = blocks_at(blocks, i);
        uint64_t from = block->first > first ? block->first : first;
        uint64_t to = block_end(block) < end ? block_end(block) : end;

        if (from >= to)
            break;
        count += (size_t)(to - from);
    }
    return count;
}

uint64_t blocks_nth(const struct blocks *blocks, uint64_t first, size_t before)
{
    uint64_t from = first;

    for (size_t i = blocks_find(blocks, first); i < blocks_count(blocks); i++) {
        const struct block *block = blocks_at(blocks, i);

        from = block->first > first ? block->first : first;
        if (before < block_end(block) - from)
            break;
        before -= (size_t)(block_end(block) - from);
    }
    return from + before;
}

int blocks_insert(struct blocks *blocks, size_t index, struct block *block)
{
    size_t count = blocks_count(blocks);

    if (blocks->tail == blocks->room) {
        if (blocks->head <= count) { /* more than half is in use: moving alone would not last */
            size_t room = blocks->room ? blocks->room * 2 : 16;
            struct block **list = reallocarray(blocks->list, room, sizeof(struct block *));

            if (!list)
                return -1;
            blocks->list = list;
            blocks->room = room;
        }
        if (count > 0)
            memmove(blocks->list, blocks->list + blocks->head, count * sizeof(struct block *));
        blocks->head = 0;
        blocks->tail = count;
    }
    struct block **at = blocks->list + blocks->head + index;
    memmove(at + 1, at, (count - index) * sizeof(struct block *));
    *at = block;
    blocks->tail++;
    return 0;
}

struct block *blocks_take_oldest(struct blocks *blocks)
{
    return blocks->list[blocks->head++];
}

struct block *blocks_take_newest(struct blocks *blocks)
{
    return blocks->list[--blocks->tail];
}

/* With the zero byte that ends it in the file. */
static uint64_t end_of(const struct block *block)
{
    return block->at + block->bytes.len + 1;
}

static uint64_t behind_before(const struct blocks *blocks, size_t index)
{
    while (index-- > 0) {
        const struct block *before = blocks_at(blocks, index);

        if (before->at != BLOCK_UNPLACED)
            return (end_of(before) + BLOCKS_ALIGNMENT - 1) & ~(uint64_t)(BLOCKS_ALIGNMENT - 1);
    }
    return 0;
}

size_t blocks_place(const struct blocks *blocks, size_t index, uint64_t size)
{
    struct block *block = blocks_at(blocks, index);
    uint64_t wrapped_at = UINT64_MAX;
    size_t gone = 0;

    if (block->bytes.len >= size) {
        block->at = BLOCK_UNPLACED;
        return 0;
    }
    if (block->at == BLOCK_UNPLACED)
        block->at = behind_before(blocks, index);
    if (end_of(block) > size) {
        wrapped_at = block->at;
        block->at = 0;
    }
    for (size_t i = 0; i < index; i++) {
        const struct block *oldest = blocks_at(blocks, i);

        if (oldest->at == BLOCK_UNPLACED)
            continue;
        bool overlaps = oldest->at < end_of(block) && block->at < end_of(oldest);
        if (!overlaps && oldest->at < wrapped_at)
            break;
        gone = i + 1;
    }
    return gone;
}

void blocks_clean(struct blocks *blocks)
{
    free(blocks->list);
    *blocks = (struct blocks){0};
}
