/*
 * When a snapshot is due, and which second it carries (SPEC 2). Pure: the clocks' times are given.
 *
 * Slots are the multiples of the interval plus the offset, on the wall clock. A slot is emitted at
 * most once and never afterwards; one that passed wholly is left out. The boot clock (which counts
 * on while the machine is suspended) tells a step of the wall clock from time that really passed.
 *
 * Errors: none. Threads: any.
 */
#ifndef AGENT_TICK_H
#define AGENT_TICK_H

#include <stdbool.h>
#include <stdint.h>

/* Before this second (2001-09-09) the wall clock was never set, and nothing is emitted. */
#define TICK_EPOCH_S INT64_C(1000000000)

struct tick {
    int64_t interval_ns;
    int64_t offset_ns;
    bool started;          /* a slot was emitted */
    int64_t last_slot_s;   /* the one emitted last, perhaps at another interval */
    int64_t difference_ns; /* wall clock less boot clock at that time */
};

struct tick tick_make(unsigned interval_s, unsigned offset_s);

/*
 * Snapshots were taken before, the newest for the second `newest_s` (-1: none): where that is in
 * the slot which is running, this one was emitted. (One of the future tells of a clock that was
 * set.)
 */
void tick_resume(struct tick *tick, int64_t newest_s, int64_t wall_ns, int64_t boot_ns);

/* Slots of another length from now on; none that is not after the last one emitted is emitted. */
void tick_adapt(struct tick *tick, unsigned interval_s, unsigned offset_s);

/*
 * Whether a snapshot is due now. Then `*slot_s` is the second it carries, that slot counts as
 * emitted, and
 * `*step_ns` is by how much the wall clock was stepped since the last one: 0, or at least an
 * interval forward or (negative) back.
 */
bool tick_due(struct tick *tick, int64_t wall_ns, int64_t boot_ns, int64_t *slot_s,
              int64_t *step_ns);

/*
 * The wall time at which tick_due is asked again, unless the wall clock is set before: the next
 * slot, or now where one has begun since tick_due was asked.
 */
int64_t tick_next_ns(const struct tick *tick, int64_t wall_ns);

#endif
