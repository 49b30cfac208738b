/*
 * The door for an operator with netcat: whoever connects gets the newest snapshot's lines at once,
 * and each new one as it is taken. Input is ignored. A client that half-closes gets what is under
 * way to it and is closed; one that does not read is dropped when 1 MiB waits for it; the 65th is
 * turned away.
 *
 * Errors: lines_open NULL, logged; a client's trouble ends that client only. Threads: the loop's
 * thread only.
 */
#ifndef EMITTER_LINES_H
#define EMITTER_LINES_H

#include "base/address.h"
#include "base/series.h"
#include "emitter/ring/ring.h"

#include <stddef.h>

struct event_base;
struct lines;
struct listening;

struct lines *lines_open(struct event_base *base, const struct address *address,
                         const struct ring *ring, const struct series_table *series);
void lines_close(struct lines *lines);

/* Its socket, borrowed. */
struct listening *lines_listening(struct lines *lines);

/* The ring has a new snapshot. */
void lines_notify(struct lines *lines);

size_t lines_clients(const struct lines *lines);

#endif
