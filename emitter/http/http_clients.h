/*
 * The clients of the HTTP door: how many there are and how long each may take. evhttp reads and
 * answers, but bounds neither: its time-outs begin anew with every byte, and it tells nobody when a
 * connection ends.
 *
 * So each connection's bufferevent is made here and kept with a reference. A connection is
 *
 *   idle -> (a byte comes) -> arriving -> (the request is whole) -> answering -> idle ...
 *
 * and each state has its deadline. One that is late is given to evhttp as timed out; evhttp then
 * lets go of it, which shows in its callbacks being gone. That is looked for at each accept and at
 * each sweep.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only.
 */
#ifndef EMITTER_HTTP_CLIENTS_H
#define EMITTER_HTTP_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

struct bufferevent;
struct evconnlistener;
struct event_base;
struct evhttp_request;
struct http_clients;

/* Durations on the monotonic clock; each is kept to within a sweep. */
struct http_limits {
    int64_t idle_ns;    /* from the accept or the last answer to the next request's first byte */
    int64_t arrival_ns; /* a whole request from its first byte; the first one from the accept */
    int64_t stall_ns;   /* an answer of which the client takes no byte */
    int64_t answer_ns;  /* an answer in all */
    int64_t sweep_ns;
};

/*
 * At most `max` clients: over that the one that is idle longest is closed, else the newcomer.
 * Borrows the listener, which accepts for an evhttp whose evhttp_set_bevcb is http_clients_accept.
 */
struct http_clients *http_clients_new(struct event_base *base, struct evconnlistener *listener,
                                      size_t max, const struct http_limits *limits);

/* After evhttp_free, which takes the listener with it. */
void http_clients_free(struct http_clients *clients);

/* At most so many from now on; those that are too many stay until they go. */
void http_clients_limit(struct http_clients *clients, size_t max);

/* For evhttp_set_bevcb: the bufferevent of the connection that is accepted now. */
struct bufferevent *http_clients_accept(struct event_base *base, void *clients);

/* The request is whole: its client's deadlines are an answer's until evhttp has sent all of it. */
void http_clients_answering(struct http_clients *clients, struct evhttp_request *request);

/* Closes the request's connection soon: its answer cannot be brought to a proper end. */
void http_clients_doom(struct http_clients *clients, struct evhttp_request *request);

size_t http_clients_count(const struct http_clients *clients);

#endif
