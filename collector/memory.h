/*
 * The groups `memory` and `swap` (SPEC 4.3, 4.4), from one read of <proc>/meminfo.
 *
 * Errors: each group has its own error DataPoint, logged; what one lacks costs the other nothing.
 * Threads: the loop's thread only.
 */
#ifndef COLLECTOR_MEMORY_H
#define COLLECTOR_MEMORY_H

#include "base/series.h"
#include "base/snapshot.h"

struct memory;

/* NULL where memory is short. `series` is borrowed for the memory's life. */
struct memory *memory_new(const char *proc, struct series_table *series);
void memory_free(struct memory *memory);

void memory_read(struct memory *memory);

/* Adds what the last read found, memory first; a kernel without Shmem has no `memory.shared`. */
void memory_emit(const struct memory *memory, struct snapshot *snapshot);

#endif
