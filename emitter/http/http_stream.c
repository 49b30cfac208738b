#include "emitter/http/http_stream.h"

#include "emitter/ring/cursor.h"
#include "emitter/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

struct http_stream {
    struct http_source source; /* is the first, so that one can be had from the other */
    struct http_stream_desk *desk;
    const struct ring *ring;
    const struct series_table *series;
    struct ring_cursor cursor;
    uint64_t end; /* one past the newest of this answer */
    bool begun;   /* an element was written */
    bool done;    /* so was the closing bracket */
    bool chunked;
};

/* Adds the next snapshots to the chunk, until that is full or the answer's last one is in it. */
static int add_snapshots(struct http_stream *stream)
{
    struct bytes *chunk = &stream->desk->chunk;
    struct snapshot *snapshot = &stream->desk->snapshot;
    size_t last = 0; /* how long the last one was, as the next one will be */

    while (stream->cursor.next < stream->end && chunk->len + last <= CHUNK_BYTES) {
        size_t len = chunk->len;

        if (!cursor_next(&stream->cursor, stream->ring, snapshot))
            return -1;
        if (stream->cursor.next > stream->end)
            break; /* the rest was overwritten, and this one is newer than the answer */
        if (text_json(chunk, stream->series, snapshot, !stream->begun) < 0)
            return -1;
        stream->begun = stream->begun || snapshot->count > 0;
        last = chunk->len - len;
    }
    return 0;
}

int http_stream_fill(struct http_stream *stream)
{
    struct bytes *chunk = &stream->desk->chunk;
    const char *bracket = stream->begun ? "" : "[\n";

    bytes_cut(chunk, 0);
    bytes_add(chunk, bracket, strlen(bracket));
    if (add_snapshots(stream) < 0)
        return -1;
    stream->done = stream->cursor.next >= stream->end;
    if (stream->done)
        bytes_add(chunk, "\n]\n", 3);
    return chunk->failed ? -1 : !stream->done;
}

/* The chunk that was made, with what stands around it. */
static void send_chunk(struct http_stream *stream, struct http_client *client, struct iovec head)
{
    const struct bytes *chunk = &stream->desk->chunk;
    const char *after = stream->done ? "\r\n0\r\n\r\n" : "\r\n";
    char size[24];
    int size_len = snprintf(size, sizeof size, "%zx\r\n", chunk->len);
    struct iovec parts[] = {
        head,
        {size, stream->chunked ? (size_t)size_len : 0},
        {chunk->data, chunk->len},
        {(void *)after, stream->chunked ? strlen(after) : 0},
    };

    http_client_send(client, parts, sizeof parts / sizeof *parts);
}

static int next(struct http_source *source, struct http_client *client)
{
    struct http_stream *stream = (struct http_stream *)source;
    int more = http_stream_fill(stream);

    if (more >= 0)
        send_chunk(stream, client, (struct iovec){0});
    return more;
}

static void end(struct http_source *source)
{
    http_stream_free((struct http_stream *)source);
}

struct http_stream *http_stream_new(struct http_stream_desk *desk, const struct ring *ring,
                                    const struct series_table *series, uint32_t quantity)
{
    struct http_stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return NULL;
    stream->source = (struct http_source){.next = next, .end = end};
    stream->desk = desk;
    stream->ring = ring;
    stream->series = series;
    stream->cursor.next = ring_back(ring, quantity > 0 ? quantity : SIZE_MAX);
    stream->end = ring_end(ring);
    return stream;
}

void http_stream_free(struct http_stream *stream)
{
    if (!stream)
        return;
    bytes_clean(&stream->desk->chunk);
    cursor_clean(&stream->cursor);
    free(stream);
}

void http_stream_start(struct http_stream *stream, struct http_client *client, struct iovec head,
                       bool chunked)
{
    stream->chunked = chunked;
    send_chunk(stream, client, head);
    http_client_go_on(client, &stream->source);
}
