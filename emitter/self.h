/*
 * Type `agent`: how the agent itself and its targets are doing, as DataPoints in each snapshot.
 *
 *   agent.target.<name>.connected .sent .owed .lost .reconnects .age_s
 *   agent.tick.duration_us .lateness_us
 *   agent.ring.bytes .snapshots
 *   agent.clients.http .lines
 *   agent.disks.stuck
 *   agent.file.behind
 *
 * in that order, targets as configured, the last one only where the ring has a file. A target whose
 * name makes the same node as an earlier one's gets `_2`, `_3` ... All of it is how things were
 * just before the snapshot was remembered.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only.
 */
#ifndef EMITTER_SELF_H
#define EMITTER_SELF_H

#include "base/series.h"
#include "base/snapshot.h"
#include "emitter/push/target.h"
#include "emitter/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct self;

/* What the emitter is told, since it happens elsewhere. */
struct self_tick {
    int64_t duration_ns; /* of the tick before, since this one is not over; 0: there was none */
    int64_t lateness_ns; /* how long after its slot this one began; below 0 counts as 0 */
    size_t stuck_disks;  /* whose call hangs now */
};

/* Interns all series. `file`: the ring has one. */
struct self *self_new(struct series_table *series, const struct target_options *targets,
                      size_t count, bool file);
void self_free(struct self *self);

/* Adds them to the snapshot. The targets of `status` are those of self_new, in the same order; it
 * may have fewer. Allocates nothing but room in the snapshot. */
void self_emit(const struct self *self, const struct status *status, const struct self_tick *tick,
               struct snapshot *snapshot);

#endif
