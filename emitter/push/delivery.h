/*
 * What one target still has to get, and how far it came: the bookkeeping of a push, without any
 * socket and without a clock: the time is given in, monotonic.
 *
 *   ring -> owed -> under way -> settling -> delivered, and forgotten
 *             ^         |           |
 *             +---------+-----------+  the connection broke
 *
 * A snapshot that is begun is under way until the peer's TCP has acknowledged its last byte. Then
 * it settles (emitter/push/settling.h): its connection has to outlive that for a while. Where the
 * connection breaks before, it is owed again as a whole, so that the next one begins with a whole
 * line.
 *
 * Live before old: the newest snapshot goes first, then what else is owed, oldest first and paced
 * (emitter/push/pace.h). Also the newest is paced where it was begun once before.
 *
 * Lost is what the ring overwrites while it is owed; what it overwrote while it was under way or
 * just acknowledged, and the connection breaks; and what turns out to be missing in the ring. After
 * a merge of two ranges (emitter/ring/owed.h) one snapshot may be counted twice.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only. Lifetimes: ring and series
 * are borrowed for the delivery's life.
 */
#ifndef EMITTER_DELIVERY_H
#define EMITTER_DELIVERY_H

#include "base/series.h"
#include "emitter/push/loss.h"
#include "emitter/ring/owed.h"
#include "emitter/ring/ring.h"

#include <stddef.h>
#include <stdint.h>

/* Snapshots under way at one time; with as many, nothing more is given out. */
#define DELIVERY_UNDER_WAY 1024

struct delivery;

struct delivery_options {
    unsigned settle_ms;
    unsigned replay_rate;        /* lines a second; 0: unlimited */
    const struct owed *position; /* see delivery_position; NULL: the whole ring is owed */
    uint64_t lost;               /* before, ever */
};

struct delivery *delivery_new(const struct ring *ring, const struct series_table *series,
                              const struct delivery_options *options);
void delivery_free(struct delivery *delivery);

/* Takes another settle_ms and replay_rate; nothing else of the options is looked at. */
void delivery_adapt(struct delivery *delivery, const struct delivery_options *options,
                    int64_t now_ns);

/* Owes what is new in the ring. */
void delivery_owe_new(struct delivery *delivery);

/* Owes what an earlier position says, and adds what was lost before it. What of it is older than
 * the ring is lost. */
void delivery_owe(struct delivery *delivery, const struct owed *position, uint64_t lost);

/*
 * All that a restart has to owe again: what is owed, under way and settling, so far as the ring has
 * it, and every number that is still to come, up to the largest there is. So a position that was
 * kept some time ago owes more than a new one, never less. Gives how many snapshots are lost then,
 * ever: with what is under way and gone from the ring.
 */
uint64_t delivery_position(const struct delivery *delivery, struct owed *position);

/* The ring is about to overwrite all numbers below `end`. */
void delivery_evict(struct delivery *delivery, uint64_t end);

/*
 * The bytes to send next, borrowed until the next call; never more than one snapshot's. NULL: there
 * is nothing, it has to wait, too much is under way, or memory is short (and it is tried again at
 * the next call).
 */
const void *delivery_peek(struct delivery *delivery, int64_t now_ns, size_t *len);

/* After delivery_peek gave NULL: how long to wait where only the pace is in the way; 0: it is not.
 */
int64_t delivery_wait_ns(const struct delivery *delivery, int64_t now_ns);

/* The first `len` of these bytes were sent. */
void delivery_sent(struct delivery *delivery, size_t len);

/* Of all bytes sent the last `unacked` are not acknowledged yet. */
void delivery_acked(struct delivery *delivery, uint64_t unacked, int64_t now_ns);

/* The connection is gone: what is not delivered is owed again, the next byte begins a new one. */
void delivery_broke(struct delivery *delivery, int64_t now_ns);

/* What was lost since this was asked last. */
struct loss delivery_take_loss(struct delivery *delivery);

struct delivery_counts {
    uint64_t owed;      /* snapshots of which nothing was sent, or that have to be sent again */
    uint64_t under_way; /* snapshots begun and not acknowledged */
    uint64_t acked;     /* snapshots, ever; each time again for one that was sent again */
    int64_t acked_ns;   /* when the last one was; 0: never */
    uint64_t lost;      /* snapshots, ever */
    struct loss loss;   /* what delivery_take_loss would give */
};

struct delivery_counts delivery_counts(const struct delivery *delivery);

#endif
