/*
 * A probe: one mount point that can be asked, again and again. It goes from idle to queued, running
 * and answered, and is idle again.
 */
#ifndef COLLECTOR_PROBE_H
#define COLLECTOR_PROBE_H

#include "collector/statfs.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct device;
struct job;

enum probe_state { PROBE_IDLE, PROBE_QUEUED, PROBE_RUNNING, PROBE_ANSWERED };

struct probe {
    const char *path; /* borrowed */
    uint64_t mount_id;
    bool resident;               /* see mounts.h */
    bool acted_by;               /* somebody acts by what it says, see resident.h */
    struct statfs_result result; /* once it was answered */

    /* The pool's own. */
    enum probe_state state;
    struct device *device;
    int64_t checked_ns;      /* when it was last found to stand, see resident.h */
    struct job *job;         /* RUNNING: its place in a batch */
    TAILQ_ENTRY(probe) link; /* QUEUED, ANSWERED: in that list */
};

TAILQ_HEAD(probe_list, probe);

#endif
