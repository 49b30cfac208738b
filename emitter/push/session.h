/*
 * One connection of a target, from connected to broken: sends what the delivery has, hears when the
 * peer goes, and follows what it acknowledges.
 *
 * It wakes up only for the peer, while something is not acknowledged from time to time to ask the
 * kernel, and for what the delivery's pace held back. A turn is bounded, so that neither a backlog
 * nor a peer that talks back holds up the loop. A peer that does not read costs its send buffer and
 * nothing else.
 *
 * Errors: a connection that breaks is reported once through the callback. Threads: the loop's
 * thread only.
 */
#ifndef EMITTER_SESSION_H
#define EMITTER_SESSION_H

#include <stdint.h>

struct connection;
struct delivery;
struct event_base;
struct session;

/* `why` is borrowed during the call. The callee frees the session. */
typedef void session_cb(void *arg, const char *why);

/*
 * Takes the connection over, also where it fails. The delivery is borrowed for the session's life,
 * and begins a new connection. NULL where memory is short.
 */
struct session *session_new(struct event_base *base, struct connection *connection,
                            struct delivery *delivery, session_cb *broke, void *arg);

/* Closes the connection; what was not acknowledged up to now is owed again. */
void session_free(struct session *session);

/* Asks what was acknowledged, unless that can wait, and sends what there is to send. May call
 * `broke`, and then the session is gone when this returns. */
void session_turn(struct session *session);

/* Tells the delivery what is acknowledged up to now. */
void session_ask(struct session *session);

/* How long it has been up. */
int64_t session_age_ns(const struct session *session);

#endif
