/*
 * The parachute: judges the observed disks against their thresholds (SPEC 5) and says so as type
 * `parachute`. It reads no disk and stops no service: it is given readings.
 *
 * A verdict changes only by a reading that succeeded: a disk that cannot be read neither activates
 * nor releases anything, its `error` says that the parachute is blind there.
 *
 * Errors: none at run time. Threads: the loop's thread only. Lifetimes: everything given is copied.
 */
#ifndef PARACHUTE_PARACHUTE_H
#define PARACHUTE_PARACHUTE_H

#include "base/reading.h"
#include "base/series.h"
#include "base/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

struct parachute_disk {
    const char *name;           /* the node under which it is emitted */
    const char *mount;          /* for the log */
    unsigned threshold_percent; /* 1..100 */
    bool when_seen;             /* a default disk: observed only from when it was first mounted */
};

struct parachute;

/* NULL where memory is short. */
struct parachute *parachute_new(const struct parachute_disk *disks, size_t count,
                                struct series_table *series);

void parachute_free(struct parachute *parachute);

/* One cycle: `readings` has one of each disk, in the order of parachute_new. Logs what changed. */
void parachute_judge(struct parachute *parachute, const struct reading *readings);

/* Adds the last cycle's verdicts, in SPEC 6's order. */
void parachute_emit(const struct parachute *parachute, struct snapshot *snapshot);

/* Whether any observed disk is activated. */
bool parachute_activated(const struct parachute *parachute);

#endif
