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

#include <stdbool.h>

/* A non-blocking, close-on-exec descriptor that listens. `door` names it in the log: "http",
 * "lines". */
int listen_open(const struct address *address, const char *door);

/* Closes it, and removes a unix socket if the path is still this socket's. */
void listen_close(int fd, const struct address *address);

/*
 * A door's socket, which another one of ours may have to take the address from: two sockets cannot
 * have 127.0.0.1:7070 and 0.0.0.0:7070 at a time. One that has yielded keeps its descriptor and
 * what was accepted from it, and can have its address back; who waited to be accepted is gone.
 */
struct listening {
    int fd; /* -1: none */
    struct address address;
    bool yielded;
    char aside[160]; /* where the yielded unix socket is meanwhile; empty: it is not */
};

/* Whether nobody can listen on `wanted` while this one has its address. */
bool listen_collides(const struct listening *listening, const struct address *wanted);

/* Lets go of the address, and takes it back. -1: it stays as it was. */
int listen_yield(struct listening *listening, const char *door);
int listen_resume(struct listening *listening, const char *door);

/* listen_close for one that may have yielded. */
void listen_leave(struct listening *listening);

#endif
