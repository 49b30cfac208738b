/*
 * The HTTP door (SPEC 7): GET /metrics, GET /v1/instances/<id>/metrics, GET /healthz. What is asked
 * for is decided here; request.h reads it, http_answer.h answers, http_client.h carries both.
 *
 * A whole-history answer is streamed from the ring in chunks through the request's own cursor, so
 * it takes no more memory than a chunk and never holds up a tick. Clients are bounded in number,
 * time and size; one that is too slow is closed without an answer.
 *
 * Errors: http_open NULL, logged; a request's error is its JSON answer. Threads: the loop's thread
 * only.
 */
#ifndef EMITTER_HTTP_H
#define EMITTER_HTTP_H

#include "base/address.h"
#include "base/series.h"
#include "emitter/ring/ring.h"

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct http;
struct http_limits;
struct listening;

/* Lifetimes: pointers are borrowed for the door's life, or until http_adapt. */
struct http_options {
    struct address listen;
    const char *token;       /* NULL: none is needed */
    const char *instance_id; /* NULL: none is configured */
    unsigned max_connections;
    /*
     * The body of /healthz as JSON text, to be freed by the door, NULL where memory is short.
     * `whole` is false where a token is configured and was not given. `*healthy` tells 200 from
     * 503.
     */
    char *(*health)(void *arg, bool whole, bool *healthy);
    void *health_arg;
    const struct http_limits *limits; /* NULL: the usual ones. Copied */
};

struct http *http_open(struct event_base *base, const struct ring *ring,
                       const struct series_table *series, const struct http_options *options);
void http_close(struct http *http);

/*
 * Takes another token, instance id, number of connections and health, for each request that comes
 * from now on; address and limits are not looked at. Clients stay, also those that are too many
 * now, and get what is under way to them. -1: memory is short, and all is as before.
 */
int http_adapt(struct http *http, const struct http_options *options);

/* Its socket, borrowed. */
struct listening *http_listening(struct http *http);

/* How many connections are open now. */
size_t http_clients(const struct http *http);

#endif
