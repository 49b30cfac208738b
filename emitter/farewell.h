/*
 * The farewell: when the agent stops, the targets and the ring's file get up to one second for what
 * is unsent and unwritten.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only.
 */
#ifndef EMITTER_FAREWELL_H
#define EMITTER_FAREWELL_H

#include "emitter/push/targets.h"
#include "emitter/ring/store.h"

struct event_base;
struct farewell;

/* Made in time, so that no stop fails for want of memory. */
struct farewell *farewell_new(struct event_base *base);
void farewell_free(struct farewell *farewell);

/* Stops the targets, then the store (NULL: there is none), and calls `done`, never from in here.
 * Both are borrowed until then. */
void farewell_begin(struct farewell *farewell, struct targets *targets, struct store *store,
                    void (*done)(void *arg), void *arg);

#endif
