/*
 * The group `cpu` (SPEC 4.2), from <proc>/stat: milliseconds since boot, by the kernel's own CPU
 * numbers.
 *
 * Errors: a stat that is missing, torn or not understood is `cpu.error`, logged. Threads: the
 * loop's thread only. A CPU that was seen once keeps its series and its last values until
 * cpu_free, so that it goes on where it was when it comes back.
 */
#ifndef COLLECTOR_CPU_H
#define COLLECTOR_CPU_H

#include "base/series.h"
#include "base/snapshot.h"

/* The highest CPU number that is believed; the kernel's own limit is far below. */
#define CPU_NUMBER_MAX 65535

struct cpu;

/* NULL where memory is short. `series` is borrowed for the cpu's life. */
struct cpu *cpu_new(const char *proc, struct series_table *series);
void cpu_free(struct cpu *cpu);

void cpu_read(struct cpu *cpu);

/* Adds what the last read found; an offline CPU adds nothing. */
void cpu_emit(const struct cpu *cpu, struct snapshot *snapshot);

#endif
