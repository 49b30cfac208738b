#include "emitter/ring/ring.h"

#include "base/log.h"
#include "emitter/ring/blocks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SNAPSHOTS_MOST ((size_t)512)

struct ring {
    struct series_table *series;
    struct ring_options options;
    size_t block_snapshots; /* that a block has at most */

    struct blocks blocks;
    struct frame_writer writer; /* of the newest one */
    size_t adopted;             /* the oldest so many were found in the file */
    uint64_t data_bytes; /* that they all together have there; 0: not known yet, or no file */

    uint64_t first;
    uint64_t next; /* what the next snapshot gets; behind the end where numbers were lost */
    size_t count;
    size_t block_bytes; /* of all blocks */
    bool early;         /* the file's size evicts before the history does, and that was said */
};

struct ring *ring_new(const struct ring_options *options, struct series_table *series)
{
    struct ring *ring = calloc(1, sizeof *ring);

    if (!ring)
        return NULL;
    ring->series = series;
    ring->options = *options;
    ring_resize(ring, options->capacity);
    ring_begin(ring, 1);
    return ring;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    while (blocks_newest(&ring->blocks))
        block_free(blocks_take_newest(&ring->blocks), ring->series);
    blocks_clean(&ring->blocks);
    frame_writer_clean(&ring->writer);
    free(ring);
}

void ring_begin(struct ring *ring, uint64_t number)
{
    if (ring->count == 0)
        ring->first = number;
    ring->next = number;
    ring->writer.broken = true; /* the newest block does not go on */
}

static void drop_oldest(struct ring *ring)
{
    struct block *block = blocks_take_oldest(&ring->blocks);

    ring->block_bytes -= block->bytes.len;
    if (ring->adopted > 0)
        ring->adopted--;
    block_free(block, ring->series);
}

/* The number of the snapshot that has so many before it. */
static uint64_t nth(const struct ring *ring, size_t before)
{
    bool gapless = ring->count == ring_end(ring) - ring->first;

    return gapless ? ring->first + before : blocks_nth(&ring->blocks, ring->first, before);
}

/* Lets go all below `number`; the last block may go in part, and is kept whole for the decoder. */
static void evict(struct ring *ring, uint64_t number)
{
    if (number <= ring->first)
        return;
    if (ring->options.evict)
        ring->options.evict(ring->options.arg, ring->first, number);
    ring->count -= blocks_between(&ring->blocks, ring->first, number);
    ring->first = number;
    while (blocks_newest(&ring->blocks) && block_end(blocks_at(&ring->blocks, 0)) <= number)
        drop_oldest(ring);
    if (blocks_newest(&ring->blocks) && blocks_at(&ring->blocks, 0)->first > number)
        ring->first = blocks_at(&ring->blocks, 0)->first;
}

static void keep_history(struct ring *ring)
{
    if (ring->count > ring->options.capacity)
        evict(ring, nth(ring, ring->count - ring->options.capacity));
}

/* Lets go what stands in the way of block `index` in the file. */
static void make_way(struct ring *ring, size_t index)
{
    const struct block *block = blocks_at(&ring->blocks, index);
    size_t gone = blocks_place(&ring->blocks, index, ring->data_bytes);

    if (gone > 0)
        evict(ring, blocks_at(&ring->blocks, gone)->first);
    if (ring->early ||
        (block->at != BLOCK_UNPLACED && (gone == 0 || ring->count >= ring->options.capacity)))
        return;
    ring->early = true;
    log_write(LOG_LEVEL_WARNING,
              "ring: state_size is too small for a history of %zu snapshots, the file keeps %zu",
              ring->options.capacity, block->at == BLOCK_UNPLACED ? 0 : ring->count);
}

static bool full(const struct ring *ring, const struct block *block)
{
    return block->count >= ring->block_snapshots || block->bytes.len >= block_bytes_most(block) ||
           (ring->data_bytes > 0 && block->bytes.len >= ring->data_bytes / 4);
}

/* The block that takes the next snapshot. */
static struct block *open_block(struct ring *ring)
{
    struct block *newest = blocks_newest(&ring->blocks);

    if (newest && !ring->writer.broken && !full(ring, newest))
        return newest;
    bool follows = newest && block_end(newest) == ring->next;
    struct block *block = block_new(&ring->writer, ring->next, follows ? ring->next : 0);
    if (block && blocks_insert(&ring->blocks, blocks_count(&ring->blocks), block) < 0) {
        block_free(block, ring->series);
        block = NULL;
    }
    if (!block) {
        ring->writer.broken = true;
        return NULL;
    }
    if (newest)
        bytes_trim(&newest->bytes);
    ring->block_bytes += block->bytes.len;
    return block;
}

static int add(struct ring *ring, struct block *block, const struct snapshot *snapshot)
{
    size_t len = block->bytes.len;

    if (block_add(block, &ring->writer, ring->series, snapshot) == 0) {
        ring->block_bytes += block->bytes.len - len;
        if (block->count == 1)
            block_expect(block, ring->block_snapshots - 1);
        return 0;
    }
    if (block->count == 0) {
        ring->block_bytes -= len;
        block_free(blocks_take_newest(&ring->blocks), ring->series);
    }
    return -1;
}

int ring_append(struct ring *ring, const struct snapshot *snapshot)
{
    struct block *block = open_block(ring);

    if (!block || add(ring, block, snapshot) < 0)
        return -1;
    ring->next++;
    ring->count++;
    keep_history(ring);
    if (ring->data_bytes > 0)
        make_way(ring, blocks_count(&ring->blocks) - 1);
    return 0;
}

const struct block *ring_adopt(struct ring *ring, struct bytes *bytes, uint64_t at)
{
    size_t index = ring->adopted;
    bool last = index == blocks_count(&ring->blocks);
    struct frame_writer other = {0};
    struct block *block = block_load(last ? &ring->writer : &other, bytes, ring->series);

    frame_writer_clean(&other);
    if (!block)
        return NULL;
    if ((index > 0 && block->first < block_end(blocks_at(&ring->blocks, index - 1))) ||
        (!last && block_end(block) > blocks_at(&ring->blocks, index)->first) ||
        blocks_insert(&ring->blocks, index, block) < 0) {
        ring->writer.broken = ring->writer.broken || last;
        block_free(block, ring->series);
        return NULL;
    }
    block->at = at;
    ring->adopted++;
    ring->block_bytes += block->bytes.len;
    ring->count += block->count;
    if (index == 0)
        ring->first = block->first;
    if (last)
        ring->next = block_end(block);
    return block;
}

void ring_settle(struct ring *ring, uint64_t data_bytes)
{
    ring->data_bytes = data_bytes;
    keep_history(ring);
    for (size_t i = 0; i < blocks_count(&ring->blocks); i++) {
        size_t before = blocks_count(&ring->blocks);

        if (blocks_at(&ring->blocks, i)->at == BLOCK_UNPLACED)
            make_way(ring, i);
        i -= before - blocks_count(&ring->blocks); /* only such as lie before it went */
    }
}

uint64_t ring_first(const struct ring *ring)
{
    return ring->first;
}

uint64_t ring_end(const struct ring *ring)
{
    const struct block *newest = blocks_newest(&ring->blocks);

    return newest && newest->count > 0 ? block_end(newest) : ring->next;
}

size_t ring_count(const struct ring *ring)
{
    return ring->count;
}

uint64_t ring_back(const struct ring *ring, size_t quantity)
{
    return quantity < ring->count ? nth(ring, ring->count - quantity) : ring->first;
}

size_t ring_capacity(const struct ring *ring)
{
    return ring->options.capacity;
}

/* Where it grows, the file may be too small for it, which is then to be said again. */
void ring_resize(struct ring *ring, size_t capacity)
{
    ring->early = ring->early && capacity <= ring->options.capacity;
    ring->options.capacity = capacity;
    ring->block_snapshots = capacity / 4 + 1;
    if (ring->block_snapshots > BLOCK_SNAPSHOTS_MOST)
        ring->block_snapshots = BLOCK_SNAPSHOTS_MOST;
    keep_history(ring);
}

const struct block *ring_block(const struct ring *ring, uint64_t number)
{
    size_t index = blocks_find(&ring->blocks, number);

    return index < blocks_count(&ring->blocks) ? blocks_at(&ring->blocks, index) : NULL;
}

size_t ring_bytes(const struct ring *ring)
{
    return sizeof *ring + blocks_count(&ring->blocks) * sizeof(struct block) + ring->block_bytes;
}

int ring_newest(const struct ring *ring, struct snapshot *out)
{
    const struct block *block = blocks_newest(&ring->blocks);

    if (!block)
        return -1;
    if (ring->writer.broken) { /* then it does not know the newest values */
        struct place place = {0};
        int result = block_read(block, &place, block->count - 1, out);

        place_clean(&place);
        return result;
    }
    const struct layout *layout = block->runs[block->run_count - 1].layout;
    snapshot_clear(out, 0);
    if (snapshot_reserve(out, layout->count) < 0)
        return -1;
    codec_newest(&ring->writer.codec, &out->timestamp_s, out->values);
    if (layout->count > 0)
        memcpy(out->series, layout->series, layout->count * sizeof *out->series);
    out->count = layout->count;
    return 0;
}
