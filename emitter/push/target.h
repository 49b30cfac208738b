/*
 * A target of the Graphite push: one server that gets every snapshot as plaintext lines over TCP.
 *
 * What it is owed, and when a snapshot counts as delivered, is emitter/push/delivery.h's: what its
 * TCP has acknowledged has to settle, and after a break it comes again, paced. A new connection
 * always begins with a whole line. What the ring overwrites first is counted as lost.
 *
 * States: down (waits out its backoff) -> connecting -> up -> down. The backoff is 1 s, doubles to
 * 60 s with jitter, and is 1 s again only after 30 s up. A connection older than `max_age_ms` is
 * given up for a new one at the next snapshot; that is no trouble.
 *
 * Errors: a trouble is logged once and ever more rarely, and when it ends, with what was lost
 * meanwhile. Threads: the loop's thread only; nothing blocks, and a target that does not read
 * delays nobody.
 */
#ifndef EMITTER_TARGET_H
#define EMITTER_TARGET_H

#include "base/address.h"
#include "base/series.h"
#include "emitter/ring/ring.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct connector;
struct owed;
struct target;

struct target_options {
    const char *name; /* for status and log, and by which its position is found again; copied */
    struct address_peer peer;
    unsigned settle_ms;   /* how long a connection outlives what counts as delivered on it */
    unsigned replay_rate; /* lines a second; 0: unlimited */
    unsigned max_age_ms;  /* a connection is renewed after that; 0: never */
    bool tls;
    const char *tls_ca;   /* files in PEM, borrowed for the target's life or until target_adapt;
                           * NULL: the system's authorities */
    const char *tls_cert; /* with tls_key, what the peer is shown of us; NULL: nothing */
    const char *tls_key;
    const struct owed *position; /* from target_position; NULL: the whole ring is owed */
    uint64_t lost;               /* before, ever */
};

/* Starts to connect at once. Owes what the position says of the ring, and all that comes. The
 * position is read before this returns. */
struct target *target_new(struct event_base *base, struct connector *connector,
                          const struct ring *ring, const struct series_table *series,
                          const struct target_options *options);
void target_free(struct target *target);

/*
 * Takes other options, also others of the same value, of the same name; what a position says is not
 * looked at. All that counts and is owed stays. With another peer or TLS it leaves the connection,
 * or what it waits for, and connects at once; what was not delivered is owed again.
 */
void target_adapt(struct target *target, const struct target_options *options);

/* Frees one that is no target any more, and logs what it was still owed. */
void target_forget(struct target *target);

/* The ring has a new snapshot. */
void target_notify(struct target *target);

/* The ring is about to overwrite all numbers below `end`. */
void target_evict(struct target *target, uint64_t end);

/* For the next start: what is owed then, and how many are lost; see delivery_position. */
uint64_t target_position(const struct target *target, struct owed *position);

/* Owes an earlier position as well, and adds what was lost before it. */
void target_owe(struct target *target, const struct owed *position, uint64_t lost);

/* What is unsent now is still sent, also on a connection that is being made; nothing new is, and no
 * reconnect any more. */
void target_stop(struct target *target);

/* After target_stop: nothing is left that could still be sent and acknowledged. */
bool target_idle(struct target *target);

struct target_status {
    const char *name;  /* borrowed for the target's life */
    const char *state; /* "up", "connecting", "down" */
    const char *error; /* why it is not up; NULL: none. Borrowed until the next event */
    uint64_t sent;     /* snapshots acknowledged, ever; again for each time it was sent again */
    uint64_t owed;     /* snapshots not acknowledged yet */
    uint64_t lost;     /* snapshots that were gone from the ring before they were delivered, ever */
    int64_t lost_from_s;  /* in this outage or the last one that cost some: from when to when, */
    int64_t lost_to_s;    /* by their timestamps; 0: none, or not known */
    uint64_t reconnects;  /* connections made, less the first */
    int64_t acked_age_ms; /* how long ago the last acknowledgement came; -1: none ever */
};

struct target_status target_status(const struct target *target);

#endif
