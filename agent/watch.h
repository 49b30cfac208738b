/*
 * The watch: looks at the machine (collector), judges its disks (parachute), and fills the
 * snapshot. It is what
 * --once and the running agent have in common.
 *
 * A tick is a look at everything; a cycle is a look at the observed disks alone, for the parachute.
 *
 * Errors: NULL or -1, logged. Threads: the loop's thread only; nothing blocks.
 */
#ifndef AGENT_WATCH_H
#define AGENT_WATCH_H

#include "agent/config/config.h"
#include "base/series.h"
#include "base/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct parachute;
struct watch;

/* `config` is borrowed for the watch's life, or until watch_adapt. Where it does not act, the
 * parachute only judges. */
struct watch *watch_new(const struct config *config, struct series_table *series,
                        struct event_base *base, bool acts);
void watch_free(struct watch *watch);

/*
 * Begins a tick for the second `slot_s`; none may be under way. Within min(1 s, interval / 2)
 * `done` is called with the snapshot, borrowed during the call; it may add to it, and then begin
 * the next tick. A cycle that is near begins with the tick, so that no disk is read twice. -1:
 * there is no snapshot; `done` is not called.
 */
int watch_tick(struct watch *watch, int64_t slot_s,
               void (*done)(void *arg, struct snapshot *snapshot), void *arg);

/* Whether a tick is under way. */
bool watch_busy(const struct watch *watch);

/* How many disks' devices hang now, see collector_stuck. */
size_t watch_stuck(const struct watch *watch);

/* Takes up what the parachute remembers, before the first tick; `ready` is called once, perhaps at
 * once. Only where it acts. */
void watch_load(struct watch *watch, void (*ready)(void *arg), void *arg);

/* For the operator; borrowed. */
struct parachute *watch_parachute(const struct watch *watch);

/* Calls `rests` once, at a turn of the loop at which no tick and no cycle is under way. */
void watch_rest(struct watch *watch, void (*rests)(void *arg), void *arg);

/*
 * Takes another configuration; only from within `rests`, after watch_start, and only where
 * it acts. The new one is borrowed from here on, the old one no more. -1, logged: memory is short,
 * and all is as before. -2: it is not even that, and good only for watch_free.
 */
int watch_adapt(struct watch *watch, const struct config *config);

/* Whether a tick is under way, or a cycle is due, for longer than that. */
bool watch_overdue(const struct watch *watch, int64_t grace_ns);

/* Starts the cycles, one each parachute interval, if there is a disk to watch. */
void watch_start(struct watch *watch);

#endif
