/*
 * The clients of the HTTP door: how many there are, and how long each may take.
 *
 * With no client there is nothing but the listening socket; a timer that looks for those that are
 * late runs only while there are some.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only.
 */
#ifndef EMITTER_HTTP_CLIENTS_H
#define EMITTER_HTTP_CLIENTS_H

#include "emitter/http/http_client.h"

#include <stddef.h>

struct event_base;
struct http_clients;

/*
 * At most `max` clients: over that the one that is idle longest is closed, else the newcomer. `fd`
 * listens, and stays the caller's; of `service` only what makes the answers is looked at.
 */
struct http_clients *http_clients_new(struct event_base *base, int fd, size_t max,
                                      const struct http_limits *limits,
                                      const struct http_service *service);
void http_clients_free(struct http_clients *clients);

/* At most so many from now on; those that are too many stay until they go. */
void http_clients_limit(struct http_clients *clients, size_t max);

size_t http_clients_count(const struct http_clients *clients);

#endif
