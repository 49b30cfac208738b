/*
 * The answers of the HTTP door: a whole body with its Content-Length, an error, or snapshots.
 *
 * The newest snapshot's answer is made when it is first asked for, and is the same for all who ask
 * until the next snapshot. Snapshots that fit one chunk go out whole, more are streamed
 * (http_stream.h).
 *
 * Every answer is JSON, and none has a body where the request was HEAD.
 *
 * Errors: where memory is short the answer is internalError. Threads: the loop's thread only.
 */
#ifndef EMITTER_HTTP_ANSWER_H
#define EMITTER_HTTP_ANSWER_H

#include "base/series.h"
#include "emitter/http/http_client.h"
#include "emitter/http/request.h"
#include "emitter/ring/ring.h"

#include <stdint.h>

struct http_answers;

enum http_error {
    HTTP_ERROR_REQUEST,
    HTTP_ERROR_UNAUTHORIZED,
    HTTP_ERROR_NOT_FOUND,
    HTTP_ERROR_METHOD,
    HTTP_ERROR_QUANTITY,
    HTTP_ERROR_INTERNAL,
};

/* What is kept from answer to answer; has to outlive the clients. Ring and series are borrowed for
 * its life. NULL: memory is short. */
struct http_answers *http_answers_new(const struct ring *ring, const struct series_table *series);
void http_answers_free(struct http_answers *answers);

/* `request` is NULL where what came is none. */
void http_answer_error(struct http_client *client, const struct request *request,
                       enum http_error error);

/* 200 or 503. `text` is JSON without the newline at its end, which is added. */
void http_answer_text(struct http_client *client, const struct request *request, int status,
                      const char *text);

/* The latest `quantity` snapshots that the ring holds now, all of them for 0; oldest first. */
void http_answer_snapshots(struct http_answers *answers, struct http_client *client,
                           const struct request *request, uint32_t quantity);

#endif
