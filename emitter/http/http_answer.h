/*
 * The answers of the HTTP door: a whole body with its Content-Length, an error, or snapshots.
 *
 * Snapshots that fit one chunk go out whole; more are streamed, a chunk each time the client has
 * taken the one before, so that an answer takes no more memory than a chunk and no tick waits for
 * it. What the ring overwrites meanwhile is left out.
 *
 * Every answer is JSON, and none has a body where the request was HEAD. While it is under way
 * nothing is read from the client; so one that has shut its sending side is answered all the same.
 *
 * Errors: where memory is short the answer is internalError; a stream that has begun is broken off.
 * Threads: the loop's thread only. Lifetimes: a stream ends with its connection at the latest.
 */
#ifndef EMITTER_HTTP_ANSWER_H
#define EMITTER_HTTP_ANSWER_H

#include "base/series.h"
#include "emitter/http/http_clients.h"
#include "emitter/ring/ring.h"

#include <stdint.h>

struct evhttp_request;

enum http_error {
    HTTP_ERROR_REQUEST,
    HTTP_ERROR_UNAUTHORIZED,
    HTTP_ERROR_NOT_FOUND,
    HTTP_ERROR_METHOD,
    HTTP_ERROR_QUANTITY,
    HTTP_ERROR_INTERNAL,
};

void http_answer_error(struct evhttp_request *request, enum http_error error);

/* `text` is JSON without the newline at its end, which is added. */
void http_answer_text(struct evhttp_request *request, int status, const char *text);

/* The latest `quantity` snapshots that the ring holds now, all of them for 0; oldest first. */
void http_answer_snapshots(struct evhttp_request *request, struct http_clients *clients,
                           const struct ring *ring, const struct series_table *series,
                           uint32_t quantity);

#endif
