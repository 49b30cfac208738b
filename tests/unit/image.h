/*
 * The ring's file as bytes in memory: written by what goes out, and read by what comes in, without
 * the scribe between them. So a test can stop at any byte.
 */
#ifndef TESTS_UNIT_IMAGE_H
#define TESTS_UNIT_IMAGE_H

#include "emitter/ring/incoming.h"
#include "emitter/ring/outgoing.h"
#include "emitter/ring/ringfile.h"
#include "tests/unit/history.h"

#include <stdlib.h>

/* An agent's ring and its file. */
struct image {
    struct series_table *table;
    struct ring *ring;
    struct outgoing outgoing;
    uint64_t data_bytes;
    uint8_t *bytes;
    size_t len; /* of the file; there is room for all it can have */
};

static inline struct image image_new(size_t capacity, uint64_t data_bytes)
{
    struct image image = {.table = series_table_new("n"), .data_bytes = data_bytes};

    image.ring = ring_new(&(struct ring_options){.capacity = capacity}, image.table);
    image.bytes = calloc(1, RINGFILE_DATA_AT + data_bytes);
    assert_non_null(image.bytes);
    ringfile_header(data_bytes, image.bytes);
    image.len = RINGFILE_HEADERS_BYTES;
    return image;
}

static inline void image_free(struct image *image)
{
    ring_free(image->ring);
    assert_int_equal(series_count(image->table), 0);
    series_table_free(image->table);
    free(image->bytes);
    *image = (struct image){0};
}

/* The first `most` bytes of the message reach the file. */
static inline void image_write(struct image *image, const struct scribe_message *message,
                               size_t most)
{
    const uint8_t *bytes = message->bytes;

    for (size_t i = 0; i < SCRIBE_PIECES && most > 0; i++) {
        const struct scribe_piece *piece = &message->pieces[i];
        size_t len = piece->len < most ? piece->len : most;

        assert_true(piece->at + piece->len <= RINGFILE_DATA_AT + image->data_bytes);
        memcpy(image->bytes + piece->at, bytes, len);
        if (piece->at + len > image->len)
            image->len = piece->at + len;
        bytes += piece->len;
        most -= len;
    }
}

static inline void image_next(struct image *image, struct scribe_message *message)
{
    struct positions positions = {0};
    struct owed owed = {0};

    owed_add(&owed, ring_first(image->ring), UINT64_MAX);
    assert_int_equal(positions_add(&positions, "graphite", 3, &owed), 0);
    assert_int_equal(outgoing_next(&image->outgoing, image->ring, &positions, message), 0);
    positions_clean(&positions);
}

/* Writes all that there is. */
static inline void image_catch_up(struct image *image)
{
    static struct scribe_message message;

    while (outgoing_any(&image->outgoing, image->ring)) {
        image_next(image, &message);
        image_write(image, &message, message.len);
        outgoing_done(&image->outgoing);
    }
}

/* Scans a copy of just the file's length, so that a sanitizer sees a read past its end. Gives it.
 */
static inline uint8_t *image_scan(const uint8_t *bytes, size_t len, struct ringfile *found,
                                  int *result)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    const char *why = NULL;

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, bytes, len);
    *found = (struct ringfile){0};
    *result = ringfile_scan(found, copy, len, &why);
    if (*result == 0)
        ringfile_finish(found);
    else
        assert_non_null(why);
    return copy;
}

/* As a scribe tells it, in parts. */
static inline void image_tell(struct incoming *incoming, const struct ringfile *found)
{
    static struct scribe_message message;

    for (size_t i = 0; i < found->count; i++) {
        const struct ringfile_block *block = &found->blocks[i];
        size_t part = 1 + history_any(block->extent.len);

        message.kind = SCRIBE_BLOCK;
        message.renewed = false;
        message.number = block->extent.len;
        message.pieces[0].at = block->at;
        for (size_t told = 0; told < block->extent.len; told += message.len) {
            message.len = block->extent.len - told < part ? block->extent.len - told : part;
            if (message.len > SCRIBE_BYTES_MOST)
                message.len = SCRIBE_BYTES_MOST;
            memcpy(message.bytes, block->bytes + told, message.len);
            incoming_hear(incoming, &message);
        }
    }
    if (found->positions.turn == 0)
        return;
    struct bytes slot = {0};
    assert_int_equal(positions_encode(&found->positions, &slot), 0);
    message.kind = SCRIBE_POSITIONS;
    message.len = slot.len;
    memcpy(message.bytes, slot.data, slot.len);
    bytes_clean(&slot);
    incoming_hear(incoming, &message);
}

/* The next agent: what was found is in its ring, and it goes on in the same file, `bytes` of it are
 * copied. */
static inline struct image image_load(const struct ringfile *found, size_t capacity,
                                      const uint8_t *bytes, size_t len)
{
    struct image image = image_new(capacity, found->data_bytes);
    struct incoming incoming = {0};

    if (len > 0) {
        memcpy(image.bytes, bytes, len);
        image.len = len;
    }
    image_tell(&incoming, found);
    incoming_adopt(&incoming, image.ring, false, "here");
    assert_int_equal(incoming.refused, 0);
    image.outgoing.turn = incoming.positions.turn;
    incoming_clean(&incoming);
    ring_settle(image.ring, image.data_bytes);
    outgoing_all(&image.outgoing, image.ring);
    return image;
}

#endif
