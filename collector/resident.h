/*
 * Reads what lies in memory (see mounts.h) at once, and no more of it than a look needs.
 *
 * A mount that was found to stand is trusted to do so for 10 s, unless somebody acts by what it
 * says. What tells otherwise is the mount table, but for a folder above that is renamed, a root
 * that is exchanged, and a quota that is switched on: of these no event tells, so that they are
 * found up to 10 s later.
 *
 * Of several trusted mounts of one file system, as bind mounts are, only one is read in each look,
 * as long as all tell the same.
 *
 * Errors: false, see statfs_try. Threads: the loop's thread only.
 */
#ifndef COLLECTOR_RESIDENT_H
#define COLLECTOR_RESIDENT_H

#include "collector/probe.h"

#include <stdbool.h>
#include <stdint.h>

/* As statfs_try. `now_ns` (monotonic, above 0) is the same for all of one look. */
bool resident_read(struct probe *probe, int64_t now_ns, struct statfs_result *result);

#endif
