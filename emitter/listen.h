/*
 * A listening socket of a door, on TCP or on a unix socket.
 *
 * A unix socket is made with mode 0660. Where the path is taken: a socket that refuses connections
 * is a stale one and is replaced; anything else is an error and stays as it is.
 *
 * Errors: -1, logged in one line that names the address and the reason. Threads: the loop's thread
 * only.
 */
#ifndef EMITTER_LISTEN_H
#define EMITTER_LISTEN_H

#include "base/address.h"

/* A non-blocking, close-on-exec descriptor that listens. `door` names it in the log: "http",
 * "lines". */
int listen_open(const struct address *address, const char *door);

/* Closes it, and removes a unix socket if the path is still this socket's. */
void listen_close(int fd, const struct address *address);

#endif
