/*
 * The doors that are listened at, HTTP and raw lines: which of them there are, and where, is what
 * the emitter's options say.
 *
 * Errors: NULL or -1, logged. Threads: the loop's thread only. Lifetimes: what options point to is
 * borrowed until the doors are closed or take others.
 */
#ifndef EMITTER_DOORS_H
#define EMITTER_DOORS_H

#include "base/series.h"
#include "emitter/ring/ring.h"

#include <stdbool.h>
#include <stddef.h>

struct doors;
struct emitter_options;
struct event_base;

/* See http.h. */
typedef char *doors_health(void *arg, bool whole, bool *healthy);

/* None is open. `health` is what /healthz says. */
struct doors *doors_new(struct event_base *base, const struct ring *ring,
                        const struct series_table *series, doors_health *health, void *arg);
void doors_free(struct doors *doors);

int doors_open(struct doors *doors, const struct emitter_options *options);
void doors_close(struct doors *doors);

/*
 * While they are open: a door whose address is the same takes what else is said of it, any other
 * one is opened where it is wanted, and then closed where it was, with its clients. Only where one
 * of them is in the way of another does it stop listening a moment before. -1: a door cannot be
 * opened, or memory is short; all is as before, but for clients that waited there to be accepted.
 */
int doors_adapt(struct doors *doors, const struct emitter_options *options);

/* The ring has a new snapshot. */
void doors_notify(struct doors *doors);

struct doors_clients {
    size_t http;
    size_t lines;
};

struct doors_clients doors_clients(const struct doors *doors);

#endif
