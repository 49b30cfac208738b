/*
 * libcurl's door: where a connection leaves the node.
 *
 * libcurl resolves the name off the loop, connects, and makes TLS where it is asked for; afterwards
 * the connection is a stream of bytes whose descriptor the caller watches. No telnet://, no proxy
 * from the environment, no cached address: each connect resolves anew. Giving up never waits for a
 * resolver, nor for anything else.
 *
 * Without TLS libcurl has nothing to do once it is connected. So a process of its own makes the
 * attempt and hands the socket over (emitter/push/dial.h), and the agent never loads libcurl. With
 * TLS the agent does, at the first connection (emitter/push/curl_library.h), and goes through it.
 * Where libcurl is missing, that is why each connection fails.
 *
 * All addresses of a name are tried in one attempt, IPv6 and IPv4 side by side, each for
 * `patience_ms`, as long as twelve such times are enough for all of them; in another order each
 * time, so that neither those that come later nor those behind one that accepts and is no good stay
 * out of reach.
 *
 * TLS is 1.2 at least, the peer's name is verified, and what goes wrong ends the attempt: nothing
 * ever goes out in clear instead. The files are read anew for each connect.
 *
 * Each connection is set up as emitter/push/tcp.h tells: a bound on what is unsent, and keepalive.
 *
 * Errors: reported to the callback as text, or as -1 with errno, and in words by connection_why.
 * Threads: the loop's thread only.
 */
#ifndef EMITTER_CONNECT_H
#define EMITTER_CONNECT_H

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct event_base;
struct connector;
struct connection;

struct connector *connector_new(struct event_base *base);
void connector_free(struct connector *connector); /* after all of its connections were closed */

/* Borrowed during connection_open. */
struct connection_options {
    const struct address_peer *peer;
    long patience_ms;
    bool tls;
    const char *tls_ca;   /* PEM: the authorities trusted, and no others. NULL: the system's */
    const char *tls_cert; /* PEM, with tls_key: shown to the peer. NULL: nothing is */
    const char *tls_key;
};

/*
 * Called once for each connection_open: with `error` NULL it is connected, else the text (one
 * printable line, borrowed during the call) says why not, and the callee closes the connection.
 */
typedef void connection_cb(void *arg, const char *error);

/*
 * Begins to connect. The name is given twice `patience_ms` to be resolved, each address then as
 * long as told above, the TLS handshake half of it more; then at the latest the callback is called,
 * never from in here. Where the process that makes the attempt hangs, 5 s after all that. NULL
 * where memory is short.
 */
struct connection *connection_open(struct connector *connector,
                                   const struct connection_options *options, connection_cb *done,
                                   void *arg);

/* Closes it in any state; the callback is not called any more. */
void connection_close(struct connection *connection);

/* The connected socket, to watch; owned by the connection. */
int connection_fd(const struct connection *connection);

/*
 * As send(2) and recv(2) without blocking: -1 with EAGAIN where they would; fewer bytes than
 * offered may be taken. recv gives 0 at the end, also where the peer's TLS ends without saying so.
 *
 * With TLS, bytes that got EAGAIN are a record already, part of which may be out: the next send has
 * to begin with the same ones, and at least as many. Others are refused with EPROTO, for they would
 * break the stream; the connection is of no use then.
 */
ssize_t connection_send(struct connection *connection, const void *bytes, size_t len);
ssize_t connection_recv(struct connection *connection, void *bytes, size_t len);

/* Why the last send or recv failed, in one printable line; borrowed until the next one. */
const char *connection_why(const struct connection *connection);

/*
 * How many bytes at the end of all that send took may not be with the peer's TCP; all others are.
 * Without TLS that is exact. With TLS the kernel counts records, which are longer than what is in
 * them, and of a record that is not complete the peer can read nothing: so this is up to 16 KiB and
 * the records' frames more, and may be more than was ever sent; it is 0 as soon as all is
 * acknowledged.
 */
uint64_t connection_unacked(const struct connection *connection);

#endif
