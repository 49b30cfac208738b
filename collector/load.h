/*
 * The group `load` (SPEC 4.1), through libstatgrab's seam.
 *
 * Errors: a load that cannot be read is `load.error`, logged. Threads: the loop's thread only.
 */
#ifndef COLLECTOR_LOAD_H
#define COLLECTOR_LOAD_H

#include "base/series.h"
#include "base/snapshot.h"

struct load;

/* NULL where memory is short. `series` is borrowed for the load's life. */
struct load *load_new(struct series_table *series);
void load_free(struct load *load);

void load_read(struct load *load);

/* Adds what the last read found. */
void load_emit(const struct load *load, struct snapshot *snapshot);

#endif
