#include "emitter/mark.h"

#include "emitter/block.h"

/* How much of the block is written. One that got another place is not. */
static size_t written(const struct mark *mark, const struct block *block)
{
    return block->first == mark->block && block->at == mark->at ? mark->written : 0;
}

/* The first block that is not written wholly, though it has a place; NULL: there is none. */
static const struct block *find(const struct mark *mark, const struct ring *ring)
{
    const struct block *block = ring_block(ring, mark->block);

    while (block && (block->at == BLOCK_UNPLACED || block->bytes.len == written(mark, block)))
        block = ring_block(ring, block_end(block));
    return block;
}

bool mark_next(const struct mark *mark, const struct ring *ring, size_t most,
               struct mark_piece *piece)
{
    const struct block *block = find(mark, ring);

    if (!block)
        return false;
    size_t from = written(mark, block);
    size_t rest = block->bytes.len - from;
    size_t len = rest < most ? rest : most;

    *piece = (struct mark_piece){
        .at = block->at + from,
        .bytes = block->bytes.data + from,
        .len = len,
        .closes = len == rest,
        .end = len == rest ? block_end(block) : block->first,
        .after = {.block = block->first, .at = block->at, .written = from + len},
    };
    return true;
}

struct mark mark_end(const struct ring *ring)
{
    const struct block *newest = NULL;

    if (ring_end(ring) > ring_first(ring))
        newest = ring_block(ring, ring_end(ring) - 1);
    return newest ? (struct mark){newest->first, newest->at, newest->bytes.len} : (struct mark){0};
}
