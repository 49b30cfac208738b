/*
 * All targets of the push: each gets everything, and none waits for another.
 *
 * Errors: NULL or -1 where memory is short. Threads: the loop's thread only. Lifetimes: ring,
 * series and options are borrowed for the targets' life, options until others are taken.
 */
#ifndef EMITTER_TARGETS_H
#define EMITTER_TARGETS_H

#include "base/series.h"
#include "emitter/push/target.h"
#include "emitter/ring/positions.h"
#include "emitter/ring/ring.h"

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct targets;
struct targets_next;

/* None is there until targets_open. */
struct targets *targets_new(struct event_base *base, const struct ring *ring,
                            const struct series_table *series, const struct target_options *options,
                            size_t count);
void targets_free(struct targets *targets);

/* Starts to connect. Each is owed what its position says, one without a position the whole ring. */
int targets_open(struct targets *targets, const struct positions *positions);

/*
 * Other targets, in two steps. The first prepares all that may fail, and changes nothing; the names
 * in `options` differ from each other. The second takes `next` over: a target is known by its name
 * and keeps what it is owed and its counters, see target_adapt; a new one is owed the whole ring;
 * one without options is gone. The old options are not needed any more then. Nothing else happens
 * to the targets between the two.
 */
struct targets_next *targets_next_new(const struct targets *targets,
                                      const struct target_options *options, size_t count);
void targets_next_free(struct targets_next *next);
void targets_take(struct targets *targets, struct targets_next *next);

/* As targets_open for snapshots that come to the front of the ring when they are open already:
 * those below `end`. */
void targets_owe(struct targets *targets, const struct positions *positions, uint64_t end);

/* Adds what each is owed now. */
int targets_positions(const struct targets *targets, struct positions *positions);

/* See target.h. */
void targets_notify(struct targets *targets);
void targets_evict(struct targets *targets, uint64_t end);
void targets_stop(struct targets *targets);
bool targets_idle(struct targets *targets);

/* Borrowed until this is asked again. */
const struct target_status *targets_status(struct targets *targets, size_t *count);

#endif
