/*
 * The emitter: remembers snapshots in the ring and lets them out through three doors: HTTP, a push
 * to Graphite, and raw lines.
 *
 * Errors: logged where they are found; NULL or -1 then. Threads: the loop's thread only. Lifetimes:
 * options and what they point to are borrowed for the emitter's life, or until emitter_adapt.
 */
#ifndef EMITTER_EMITTER_H
#define EMITTER_EMITTER_H

#include "base/address.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "emitter/push/target.h"
#include "emitter/self.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct emitter;

struct emitter_options {
    size_t history;      /* snapshots that the ring holds */
    unsigned interval_s; /* /healthz is unwell when the newest snapshot is three of these old */
    const char *version;
    const char *instance_id; /* NULL: none */
    bool http_on;
    struct address http_listen;
    unsigned http_max_connections;
    const char *http_token; /* NULL: none is needed */
    bool lines_on;
    struct address lines_listen;
    const struct target_options *targets;
    size_t target_count;
    const char *state_dir; /* NULL: the ring is in memory only */
    uint64_t state_size_bytes;
    unsigned sync_ms;
    bool self_metrics; /* emitter_emit has something to say */

    /*
     * Once, and never from within emitter_new: the ring has what its file had, or goes on without,
     * and snapshots can come. Or `failed`: it cannot start, and that was logged.
     */
    void (*ready)(void *arg);
    void (*failed)(void *arg);
    void *arg;
};

/* Makes the ring and begins to read its file; then starts to connect to the targets. */
struct emitter *emitter_new(struct event_base *base, struct series_table *series,
                            const struct emitter_options *options);
void emitter_free(struct emitter *emitter);

/* The timestamp of the newest snapshot; -1: there is none. */
int64_t emitter_newest_s(const struct emitter *emitter);

/* Adds type `agent`, last, where that is wanted; see self.h. */
void emitter_emit(struct emitter *emitter, const struct self_tick *tick, struct snapshot *snapshot);

/* Remembers a snapshot and tells the doors. -1: memory is short, the snapshot is lost and that was
 * logged. */
int emitter_append(struct emitter *emitter, const struct snapshot *snapshot);

/* Opens HTTP and raw lines; called after the first snapshot, so that no answer is ever empty. */
int emitter_open(struct emitter *emitter);

/*
 * Takes other options while it runs; version, state_dir, state_size_bytes and sync_ms must be the
 * same, and ready, failed and arg are not looked at. The new options are borrowed from here on, the
 * old ones no more.
 *
 * A door whose address is the same stays open, with its clients and what is under way to them; one
 * with another address is opened there, and then closed here. A target is known by its name: it
 * keeps what it is owed and its counters, and its connection unless host, port or TLS are others; a
 * new one is owed the whole ring, one that is not named any more is forgotten.
 *
 * A shorter history, which is the same duration at a longer interval, takes nothing away at once:
 * what is beyond it goes evenly with the snapshots that come.
 *
 * -1, logged: a door cannot be opened, or memory is short; all is as before and the old options are
 * still borrowed. Not after emitter_stop.
 */
int emitter_adapt(struct emitter *emitter, const struct emitter_options *options);

/* How often the configuration was read again, for /healthz. */
struct emitter_reloads {
    uint64_t done;
    uint64_t refused;
    int64_t last_s;    /* wall clock, of the last one of either kind; 0: there was none */
    const char *error; /* why the last one was refused, in one line; NULL: it was not. Borrowed
                        * until the next call */
};

void emitter_tell_reloads(struct emitter *emitter, const struct emitter_reloads *reloads);

/* Closes HTTP and raw lines, gives the targets and the ring's file up to one second for what is
 * unsent and unwritten, then calls `done`. */
void emitter_stop(struct emitter *emitter, void (*done)(void *arg), void *arg);

#endif
