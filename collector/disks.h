/*
 * The group `disk` (SPEC 4.5): which mounts are disks, and the looks at them. It brings the mount
 * table up to date, asks the pool for each disk, and is done when all have answered or patience
 * has run out. Where a disk turns out to be another mount and the table has changed meanwhile, the
 * look goes on with the new table.
 *
 * Errors: a table that cannot be read is `disk.error`, a disk that cannot is its own `error`; both
 * are logged. Threads: the loop's thread only; no call blocks.
 */
#ifndef COLLECTOR_DISKS_H
#define COLLECTOR_DISKS_H

#include "collector/collector.h"

#include <stdbool.h>

struct disks;

/* The options and what they point to are copied. NULL, logged, where memory is short. */
struct disks *disks_new(const struct collector_options *options, struct series_table *series);
void disks_free(struct disks *disks);

/* As collector_adapt. */
int disks_adapt(struct disks *disks, const struct collector_options *options);

/* Whether a look of that scope is under way. */
bool disks_looking(const struct disks *disks, enum collector_scope scope);

/* As collector.h says of the functions of the same name. */
int disks_fd(const struct disks *disks);
void disks_dispatch(struct disks *disks);
int disks_look(struct disks *disks, enum collector_scope scope, int64_t patience_ns,
               void (*done)(void *arg), void *arg);
void disks_emit(const struct disks *disks, struct snapshot *snapshot);
struct reading disks_observed(const struct disks *disks, size_t index);
const char *disks_observed_name(const struct disks *disks, size_t index);
size_t disks_stuck(const struct disks *disks);

#endif
