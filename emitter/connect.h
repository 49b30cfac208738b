/*
 * libcurl's door: where a connection leaves the node.
 *
 * libcurl resolves the name off the loop, tries IPv6 and IPv4, and connects; afterwards the
 * connection is a stream of bytes whose descriptor the caller watches. No telnet://, no proxy from
 * the environment, no cached address: each connect resolves anew. Giving up never waits for a
 * resolver.
 *
 * Errors: reported to the callback as text, or as -1 with errno. Threads: the loop's thread only.
 */
#ifndef EMITTER_CONNECT_H
#define EMITTER_CONNECT_H

#include "base/address.h"

#include <stddef.h>
#include <sys/types.h>

struct event_base;
struct connector;
struct connection;

struct connector *connector_new(struct event_base *base);
void connector_free(struct connector *connector); /* after all of its connections were closed */

/*
 * Called once for each connection_open: with `error` NULL it is connected, else the text (borrowed
 * during the call) says why not, and the callee closes the connection.
 */
typedef void connection_cb(void *arg, const char *error);

/*
 * Begins to connect. Each address that the name has is given `patience_ms` to answer, and all
 * together with the name nine fifths of that; then at the latest the callback is called, never from
 * in here. NULL where memory is short.
 */
struct connection *connection_open(struct connector *connector, const struct address_peer *peer,
                                   long patience_ms, connection_cb *done, void *arg);

/* Closes it in any state; the callback is not called any more. */
void connection_close(struct connection *connection);

/* The connected socket, to watch; owned by the connection. */
int connection_fd(const struct connection *connection);

/* As send(2) and recv(2) without blocking: -1 with EAGAIN where they would. recv gives 0 at the
 * end. */
ssize_t connection_send(struct connection *connection, const void *bytes, size_t len);
ssize_t connection_recv(struct connection *connection, void *bytes, size_t len);

#endif
