#include "agent/tick.h"

#include "base/clock.h"

struct tick tick_make(unsigned interval_s, unsigned offset_s)
{
    return (struct tick){.interval_ns = interval_s * CLOCK_NS_PER_S,
                         .offset_ns = offset_s * CLOCK_NS_PER_S};
}

/* The start of the slot that `wall_ns`, later than the first interval of 1970, falls into. */
static int64_t slot_ns(const struct tick *tick, int64_t wall_ns)
{
    return wall_ns - (wall_ns - tick->offset_ns) % tick->interval_ns;
}

void tick_resume(struct tick *tick, int64_t newest_s, int64_t wall_ns, int64_t boot_ns)
{
    int64_t slot_s = slot_ns(tick, wall_ns) / CLOCK_NS_PER_S;

    if (newest_s < TICK_EPOCH_S || newest_s < slot_s || newest_s > wall_ns / CLOCK_NS_PER_S)
        return;
    tick->started = true;
    tick->last_slot_s = newest_s;
    tick->difference_ns = wall_ns - boot_ns;
}

void tick_adapt(struct tick *tick, unsigned interval_s, unsigned offset_s)
{
    struct tick adapted = tick_make(interval_s, offset_s);

    adapted.started = tick->started;
    adapted.difference_ns = tick->difference_ns;
    adapted.last_slot_s = tick->last_slot_s;
    *tick = adapted;
}

bool tick_due(struct tick *tick, int64_t wall_ns, int64_t boot_ns, int64_t *slot_s,
              int64_t *step_ns)
{
    *step_ns = 0;
    int64_t now_s = slot_ns(tick, wall_ns) / CLOCK_NS_PER_S;
    if (now_s < TICK_EPOCH_S)
        return false;

    if (tick->started) {
        int64_t stepped_ns = wall_ns - boot_ns - tick->difference_ns;

        if (stepped_ns >= tick->interval_ns || stepped_ns <= -tick->interval_ns)
            *step_ns = stepped_ns;
        /* Set back by less than an interval: the slots up to the last one have been emitted. */
        if (now_s <= tick->last_slot_s && *step_ns >= 0)
            return false;
    }
    tick->started = true;
    tick->last_slot_s = now_s;
    tick->difference_ns = wall_ns - boot_ns;
    *slot_s = now_s;
    return true;
}

int64_t tick_next_ns(const struct tick *tick, int64_t wall_ns)
{
    if (wall_ns < TICK_EPOCH_S * CLOCK_NS_PER_S)
        return TICK_EPOCH_S * CLOCK_NS_PER_S;

    if (tick->started && slot_ns(tick, wall_ns) / CLOCK_NS_PER_S > tick->last_slot_s)
        return wall_ns;

    int64_t next_ns = slot_ns(tick, wall_ns) + tick->interval_ns;
    int64_t unseen_ns = slot_ns(tick, tick->last_slot_s * CLOCK_NS_PER_S) + tick->interval_ns;
    /* Further off than an interval the clock was stepped: then tick_due says so at once. */
    if (tick->started && unseen_ns > next_ns && unseen_ns - wall_ns <= 2 * tick->interval_ns)
        return unseen_ns;
    return next_ns;
}
