/*
 * One connection of the HTTP door: its requests in, their answers out, one after the other.
 *
 *   idle -> (a byte comes) -> arriving -> (the request is whole) -> answering -> idle ...
 *                                                                      |
 *                                                  lingering, gone <---+  where it is the last one
 *
 * Who sends many requests at once gets an answer a turn of the loop, so that ticks and other
 * clients come in between.
 *
 * An answer is written at once, from where it lies. Only what the kernel does not take is kept, and
 * nothing is read from the client until all of it is out; so one that has shut its sending side is
 * answered all the same. After the last one the connection lingers: our side is shut and what
 * comes is dropped, since closing it would reset it under the answer where the client has sent
 * more. That is bounded in bytes and time. One that is broken off in an answer is reset, lest what
 * came be taken for all of it.
 *
 * Errors: a connection that cannot go on is gone; nobody else notices. Threads: the loop's thread
 * only. Lifetimes: `gone` is called from the loop, as the last thing.
 */
#ifndef EMITTER_HTTP_CLIENT_H
#define EMITTER_HTTP_CLIENT_H

#include "emitter/http/request.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct event_base;
struct http_client;

/* Durations on the monotonic clock; each is kept to within a sweep. */
struct http_limits {
    int64_t idle_ns;    /* from the accept or the last answer to the next request's first byte */
    int64_t arrival_ns; /* a whole request from its first byte; the first one from the accept;
                           what comes of one while its connection lingers */
    int64_t stall_ns;   /* an answer of which the client takes no byte */
    int64_t answer_ns;  /* an answer in all */
    int64_t sweep_ns;
};

/* Who makes the answers. */
struct http_service {
    /* Has to give the client an answer. NULL: what came is no request. Borrowed for the call. */
    void (*answer)(void *arg, struct http_client *client, const struct request *request);
    void *arg;
    void (*gone)(void *owner, struct http_client *client); /* is to free it */
    void *owner;
};

/* An answer in pieces. It is made part of the struct that it needs. */
struct http_source {
    /* The next piece, to be sent. 1: others follow, 0: it was the last, -1: there is no way on. */
    int (*next)(struct http_source *source, struct http_client *client);
    void (*end)(struct http_source *source); /* nothing is asked of it any more */
};

/* Takes the non-blocking descriptor over; `service` is borrowed. NULL: memory is short. */
struct http_client *http_client_new(struct event_base *base, int fd,
                                    const struct http_service *service);
void http_client_free(struct http_client *client);

bool http_client_late(const struct http_client *client, const struct http_limits *limits,
                      int64_t now_ns);

/* Since when it waits for nothing of ours, so that it may make room; one whose request has been
 * coming for more than a second does so after all others. INT64_MAX: it does not. */
int64_t http_client_idle_ns(const struct http_client *client);

/* Whether the answer is the connection's last one; and that it is. */
bool http_client_is_last(const struct http_client *client);
void http_client_make_last(struct http_client *client);

/* All of an answer, or a piece; the parts are borrowed for the call. */
void http_client_send(struct http_client *client, struct iovec *parts, size_t count);

/* The answer goes on with this, a piece each time the client has taken the one before. */
void http_client_go_on(struct http_client *client, struct http_source *source);

#endif
