#include "emitter/ring/outgoing.h"

#include "emitter/ring/block.h"
#include "emitter/ring/ringfile.h"

#include <string.h>

#define PIECE_MOST (SCRIBE_BYTES_MOST - POSITIONS_BYTES - 1)

/* How much of the block is written. One that got another place is not. */
static size_t written(const struct outgoing_mark *mark, const struct block *block)
{
    return block->first == mark->block && block->at == mark->at ? mark->len : 0;
}

/* The first block that is not written wholly, though it has a place; NULL: there is none. */
static const struct block *find(const struct outgoing_mark *mark, const struct ring *ring)
{
    const struct block *block = ring_block(ring, mark->block);

    while (block && (block->at == BLOCK_UNPLACED || block->bytes.len == written(mark, block)))
        block = ring_block(ring, block_end(block));
    return block;
}

bool outgoing_any(const struct outgoing *outgoing, const struct ring *ring)
{
    return find(&outgoing->mark, ring) != NULL;
}

static int add_positions(struct outgoing *outgoing, const struct ring *ring,
                         struct positions *positions, struct scribe_message *message)
{
    struct bytes slot = {.data = message->bytes, .capacity = POSITIONS_BYTES, .borrowed = true};

    positions->turn = outgoing->turn + 1;
    positions->first = ring_first(ring);
    positions->end = ring_end(ring);
    if (positions_encode(positions, &slot) < 0)
        return -1;
    outgoing->turn++;
    message->pieces[0] = (struct scribe_piece){
        .at = RINGFILE_SLOT_AT + outgoing->turn % 2 * POSITIONS_BYTES, .len = slot.len};
    message->len = slot.len;
    return 0;
}

/* The block's next piece; with its last one the zero byte that ends it in the file. */
static void add_piece(struct outgoing *outgoing, const struct block *block,
                      struct scribe_message *message)
{
    size_t from = written(&outgoing->mark, block);
    size_t rest = block->bytes.len - from;
    size_t len = rest < PIECE_MOST ? rest : PIECE_MOST;
    size_t zero = len == rest;

    memcpy(message->bytes + message->len, block->bytes.data + from, len);
    message->bytes[message->len + len] = 0;
    message->len += len + zero;
    message->pieces[1] =
        (struct scribe_piece){.at = RINGFILE_DATA_AT + block->at + from, .len = len + zero};
    outgoing->next = (struct outgoing_mark){.block = block->first,
                                            .at = block->at,
                                            .len = from + len,
                                            .end = zero ? block_end(block) : block->first};
}

int outgoing_next(struct outgoing *outgoing, const struct ring *ring, struct positions *positions,
                  struct scribe_message *message)
{
    const struct block *block = find(&outgoing->mark, ring);

    message->kind = SCRIBE_WRITE;
    message->pieces[1] = (struct scribe_piece){0};
    if (add_positions(outgoing, ring, positions, message) < 0)
        return -1;
    outgoing->next = outgoing->mark;
    if (block)
        add_piece(outgoing, block, message);
    message->complete = !find(&outgoing->next, ring);
    return 0;
}

void outgoing_done(struct outgoing *outgoing)
{
    outgoing->mark = outgoing->next;
}

void outgoing_all(struct outgoing *outgoing, const struct ring *ring)
{
    const struct block *newest = ring_count(ring) > 0 ? ring_block(ring, ring_back(ring, 1)) : NULL;

    outgoing_none(outgoing);
    if (newest)
        outgoing->mark = (struct outgoing_mark){.block = newest->first,
                                                .at = newest->at,
                                                .len = newest->bytes.len,
                                                .end = block_end(newest)};
}

void outgoing_none(struct outgoing *outgoing)
{
    outgoing->mark = (struct outgoing_mark){0};
}
