/*
 * An answer of many snapshots, in chunks from the ring through a cursor of its own, each made when
 * the client has taken the one before. So an answer takes no more memory than a chunk, and no tick
 * waits for it. What the ring overwrites meanwhile is left out.
 *
 * Errors: -1 and NULL where memory is short; a stream that has begun is broken off then. Threads:
 * the loop's thread only. Lifetimes: desk, ring and series are borrowed for the stream's life.
 */
#ifndef EMITTER_HTTP_STREAM_H
#define EMITTER_HTTP_STREAM_H

#include "base/bytes.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "emitter/http/http_client.h"
#include "emitter/ring/ring.h"

#include <stdbool.h>
#include <stdint.h>

struct http_stream;

/* What streams work with; one serves all, as they take turns. */
struct http_stream_desk {
    struct bytes chunk;
    struct snapshot snapshot;
};

/* Of the latest `quantity` snapshots that the ring holds now, all of them for 0. */
struct http_stream *http_stream_new(struct http_stream_desk *desk, const struct ring *ring,
                                    const struct series_table *series, uint32_t quantity);
void http_stream_free(struct http_stream *stream);

/* Makes the next chunk, on the desk. 1: more is to come, 0: that was the last one. */
int http_stream_fill(struct http_stream *stream);

/*
 * Sends `head` and the chunk that was made, and goes on until all is out. `chunked`: as chunks of
 * HTTP/1.1. The client takes the stream over.
 */
void http_stream_start(struct http_stream *stream, struct http_client *client, struct iovec head,
                       bool chunked);

#endif
