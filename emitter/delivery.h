/*
 * What one target still has to get, and how far it came: the bookkeeping of a push, without any
 * socket.
 *
 *   ring -> owed -> under way -> acknowledged
 *             ^         |
 *             +---------+  the connection broke
 *
 * Snapshots go out oldest first, each as its lines. One that is begun is under way until the peer
 * has acknowledged its last byte; where the connection breaks before, it is owed again as a whole,
 * so that the next connection begins with a whole line. What the ring overwrites first is lost.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only. Lifetimes: ring and series
 * are borrowed for the delivery's life.
 */
#ifndef EMITTER_DELIVERY_H
#define EMITTER_DELIVERY_H

#include "base/series.h"
#include "emitter/ring.h"

#include <stddef.h>
#include <stdint.h>

/* Snapshots under way at one time; with as many, nothing more is given out. */
#define DELIVERY_UNDER_WAY 1024

struct delivery;

struct delivery *delivery_new(const struct ring *ring, const struct series_table *series);
void delivery_free(struct delivery *delivery);

/* Owes what is new in the ring. */
void delivery_owe_new(struct delivery *delivery);

/* Gives up what the ring overwrote before it was sent; gives how many snapshots those are. */
uint64_t delivery_forget(struct delivery *delivery);

/*
 * The bytes to send next, borrowed until the next call; never more than one snapshot's. NULL: there
 * is nothing, too much is under way, or memory is short (and it is tried again at the next call).
 */
const void *delivery_peek(struct delivery *delivery, size_t *len);

/* The first `len` of these bytes were sent. */
void delivery_sent(struct delivery *delivery, size_t len);

/* Of all bytes sent the last `unacked` are not acknowledged yet. */
void delivery_acked(struct delivery *delivery, uint64_t unacked);

/* The connection is gone: what is under way is owed again, the next byte begins a new one. */
void delivery_broke(struct delivery *delivery);

struct delivery_counts {
    uint64_t owed;      /* snapshots of which nothing was sent */
    uint64_t under_way; /* snapshots begun and not acknowledged */
    uint64_t acked;     /* snapshots, ever */
    uint64_t lost;      /* snapshots, ever */
};

struct delivery_counts delivery_counts(const struct delivery *delivery);

#endif
