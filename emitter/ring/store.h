/*
 * The store: keeps the ring in a file of its own, and finds it again at the next start. It is one
 * more reader of the ring, whose door is the scribe (emitter/ring/scribe.h); the loop never touches
 * the disk.
 *
 *   LOADING -> WRITING <-> FAILING      what the ring holds is in the file, or will be
 *
 * A disk that stalls, is full or read-only costs nobody anything: the ring goes on in memory, and
 * what it holds is written when that is possible again.
 *
 * Errors: logged once, and ever more rarely, and when they are over; NULL where memory is short.
 * Threads: the loop's thread only.
 */
#ifndef EMITTER_STORE_H
#define EMITTER_STORE_H

#include "emitter/ring/positions.h"
#include "emitter/ring/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct event_base;
struct store;

#define STORE_SIZE_LEAST ((uint64_t)64 << 10)

struct store_options {
    const char *dir;     /* borrowed */
    uint64_t size_bytes; /* of the file, at least STORE_SIZE_LEAST */
    unsigned sync_ms;    /* a power cut takes what is younger; 0: each write is synced */

    /*
     * Once: the ring has what the file had, and can be appended to; or the file cannot be read yet,
     * and the ring begins without it. It may still come, before all that is appended.
     */
    void (*ready)(void *arg);
    /* Another agent, process `holder` (0: unknown), has the directory. */
    void (*refused)(void *arg, pid_t holder);
    /* At most once, before or after `ready`: what the file says of the targets, borrowed. */
    void (*loaded)(void *arg, const struct positions *positions);
    /* Adds what the targets are owed now to empty positions. -1: memory is short. */
    int (*positions)(void *arg, struct positions *positions);
    void *arg;
};

/* Begins to read; nothing is called from in here. */
struct store *store_new(struct event_base *base, struct ring *ring,
                        const struct store_options *options);

/* What is under way is left to the scribe. */
void store_free(struct store *store);

/* The ring has a new snapshot. */
void store_notify(struct store *store);

/* The positions have changed for the last time: they are written too. */
void store_stop(struct store *store);

/* After store_stop: nothing is left that is to be written, or it cannot be written now. */
bool store_idle(const struct store *store);

struct store_status {
    const char *state;   /* "loading", "ok", "stalled", "failing" */
    const char *error;   /* why; NULL: none. Borrowed until the next event */
    size_t behind;       /* snapshots that the file does not have yet */
    uint64_t size_bytes; /* that the file may have */
};

struct store_status store_status(const struct store *store);

#endif
