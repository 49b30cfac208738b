/*
 * Reads what lies in memory (see mounts.h) at once, and of several mounts of one file system, as
 * bind mounts are, only one in each look.
 *
 * Errors: false, see statfs_try. Threads: the loop's thread only.
 */
#ifndef COLLECTOR_RESIDENT_H
#define COLLECTOR_RESIDENT_H

#include "collector/probe.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * As statfs_try. `now_ns` (monotonic, above 0) is the same for all of one look: a probe that shares
 * is told what another one of its device just was, where the two were told the same when it was
 * last read itself, up to 10 s ago.
 */
bool resident_read(struct probe *probe, int64_t now_ns, struct statfs_result *result);

#endif
