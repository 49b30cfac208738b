#include "emitter/ring/incoming.h"

#include "base/log.h"
#include "emitter/ring/block.h"

#include <stdlib.h>

/* The block of which the next part comes; NULL: memory is short. */
static struct incoming_block *unfinished(struct incoming *incoming,
                                         const struct scribe_message *message)
{
    struct incoming_block *list = incoming->list;
    size_t count = incoming->count;

    if (count > 0 && list[count - 1].bytes.len < list[count - 1].wanted &&
        !list[count - 1].bytes.failed)
        return &list[count - 1];
    list = reallocarray(list, count + 1, sizeof *list);
    if (!list)
        return NULL;
    incoming->list = list;
    list[count] = (struct incoming_block){
        .at = message->renewed ? BLOCK_UNPLACED : message->pieces[0].at, .wanted = message->number};
    incoming->count++;
    return &list[count];
}

static void hear_block(struct incoming *incoming, const struct scribe_message *message)
{
    struct incoming_block *block = unfinished(incoming, message);

    if (block)
        bytes_add(&block->bytes, message->bytes, message->len);
    else
        incoming->refused++;
}

void incoming_hear(struct incoming *incoming, const struct scribe_message *message)
{
    if (message->kind == SCRIBE_BLOCK)
        hear_block(incoming, message);
    if (message->kind != SCRIBE_POSITIONS)
        return;
    positions_clean(&incoming->positions);
    positions_decode(&incoming->positions, message->bytes, message->len);
}

/* By how much the numbers have to grow so that the last block ends at INCOMING_LATE. */
static uint64_t lateness(const struct incoming *incoming)
{
    struct block_extent extent;

    for (size_t i = incoming->count; i-- > 0;) {
        const struct bytes *bytes = &incoming->list[i].bytes;

        if (!bytes->failed && block_measure(bytes->data, bytes->len, &extent) == 0)
            return INCOMING_LATE - (extent.first + extent.count);
    }
    return 0;
}

void incoming_adopt(struct incoming *incoming, struct ring *ring, bool late, const char *dir)
{
    uint64_t shift = late ? lateness(incoming) : 0;
    struct block_extent extent = {0};

    for (size_t i = 0; i < incoming->count; i++) {
        struct incoming_block *block = &incoming->list[i];
        bool whole = block->bytes.len == block->wanted && !block->bytes.failed;

        uint64_t end = extent.first + extent.count; /* of the one before */

        if (whole && block_measure(block->bytes.data, block->bytes.len, &extent) == 0) {
            bool gap = i > 0 && extent.before > end;

            if (late || gap)
                block_renumber(&block->bytes, shift, gap);
        }
        const struct block *adopted =
            whole ? ring_adopt(ring, &block->bytes, late ? BLOCK_UNPLACED : block->at) : NULL;
        if (!adopted || adopted->bytes.len < block->wanted)
            incoming->refused++;
    }
    uint64_t end = incoming->positions.end; /* numbers of what got lost are not used again */
    if (!late && end > ring_end(ring) && end < INCOMING_MOST)
        ring_begin(ring, end);
    if (incoming->refused > 0)
        log_write(LOG_LEVEL_WARNING,
                  "state_dir %s: %zu parts of the file make no sense and are left out", dir,
                  incoming->refused);
    if (late)
        positions_renumber(&incoming->positions, shift, incoming->count > 0 ? INCOMING_LATE : 0);
}

void incoming_clean(struct incoming *incoming)
{
    for (size_t i = 0; i < incoming->count; i++)
        bytes_clean(&incoming->list[i].bytes);
    free(incoming->list);
    positions_clean(&incoming->positions);
    *incoming = (struct incoming){0};
}
