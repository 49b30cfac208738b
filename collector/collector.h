/*
 * One look at the machine, and type `system` of it (SPEC 4).
 *
 * A look reads load, CPUs, memory and swap at once, and so it does the disks whose numbers the
 * kernel has in memory. For the others it asks the helper processes, since a call on a mount point
 * may hang. It is over when all disks have answered or patience has run out; then `done` is called,
 * from within collector_dispatch or collector_look itself.
 *
 * Errors: a group or a disk that cannot be read is data (its error DataPoint); each is also logged
 * once. Threads: the loop's thread only. No call blocks. Helper processes are forked from here:
 * they exit when the collector is freed or the agent dies, and one that hangs in the kernel is left
 * behind.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "base/reading.h"
#include "base/series.h"
#include "base/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/* A mount point that is emitted under a name of its own. */
struct collector_name {
    const char *mount;
    const char *name; /* a valid node */
};

/* Everything is copied. Lists may be NULL where their count is 0. */
struct collector_options {
    const char *proc;               /* "/proc", or a folder with stat, meminfo, filesystems and
                                       self/mountinfo that stands for it */
    const char *const *extra_types; /* file system types that count although they are nodev */
    size_t extra_type_count;
    const char *const *exclude_mounts; /* fnmatch(3) patterns; those disks are not emitted */
    size_t exclude_mount_count;
    const struct collector_name
        *names; /* beside "/", /var/vcap/data, /var/vcap/store; wins over them */
    size_t name_count;
    const char *const *observed; /* mount points that the parachute watches; named first */
    size_t observed_count;
};

enum collector_scope {
    COLLECTOR_OBSERVED, /* the observed disks only: a cycle of the parachute */
    COLLECTOR_ALL,      /* everything: a tick */
};

struct collector;

/* NULL where memory or descriptors are short; logged. Helpers are started when a disk needs one. */
struct collector *collector_new(const struct collector_options *options,
                                struct series_table *series);

void collector_free(struct collector *collector);

/*
 * Takes other options while it runs; `proc` must be the same, and no look may be under way. CPU
 * counters, helpers and what hangs stay as they are. A mount point keeps its name,
 * unless the options chose it, before or now, or give it away. What
 * it emits and collector_observed are the new options' after the next look, and
 * collector_observed says READING_UNKNOWN until then. Where the options are the same nothing is
 * done. -1, logged: memory is short, and all is as before.
 */
int collector_adapt(struct collector *collector, const struct collector_options *options);

/* Readable when collector_dispatch has something to do, also between looks: it is how a look knows
 * that the mount table changed. The same descriptor for the collector's life. */
int collector_fd(const struct collector *collector);

void collector_dispatch(struct collector *collector);

/*
 * Begins a look that ends within `patience_ns`. One look of each scope may be under way; a second
 * one of the same scope is refused with -1. A disk that both looks want is read once. `done` may
 * begin a look; it must not free the collector.
 */
int collector_look(struct collector *collector, enum collector_scope scope, int64_t patience_ns,
                   void (*done)(void *arg), void *arg);

/* Adds what the last COLLECTOR_ALL look found, in SPEC 6's order. */
void collector_emit(struct collector *collector, struct snapshot *snapshot);

/* What the last look of either scope found for observed[index]. */
struct reading collector_observed(const struct collector *collector, size_t index);

/* The name under which observed[index] is emitted; borrowed until
 * collector_adapt. */
const char *collector_observed_name(const struct collector *collector, size_t index);

/*
 * How many devices have a call under way that outlasted the patience of who asked: they hang now. A
 * device counts once, however many mounts it has, and also when they are gone. At most 16, as many
 * as there are helpers.
 */
size_t collector_stuck(const struct collector *collector);

#endif
