#include "emitter/push/targets.h"

#include "emitter/push/connect.h"

#include <stdlib.h>

struct targets {
    struct event_base *base;
    const struct ring *ring;
    const struct series_table *series;
    const struct target_options *options;
    struct connector *connector;
    struct target **list;
    size_t count;                   /* that are open */
    size_t wanted;                  /* that there are options for */
    struct target_status *statuses; /* filled whenever they are asked for */
};

struct targets *targets_new(struct event_base *base, const struct ring *ring,
                            const struct series_table *series, const struct target_options *options,
                            size_t count)
{
    struct targets *targets = calloc(1, sizeof *targets);

    if (!targets)
        return NULL;
    targets->base = base;
    targets->ring = ring;
    targets->series = series;
    targets->options = options;
    targets->wanted = count;
    if (count == 0)
        return targets;
    targets->connector = connector_new(base);
    targets->list = calloc(count, sizeof(struct target *));
    targets->statuses = calloc(count, sizeof *targets->statuses);
    if (targets->connector && targets->list && targets->statuses)
        return targets;
    targets_free(targets);
    return NULL;
}

void targets_free(struct targets *targets)
{
    if (!targets)
        return;
    for (size_t i = 0; i < targets->count; i++)
        target_free(targets->list[i]);
    connector_free(targets->connector);
    free(targets->list);
    free(targets->statuses);
    free(targets);
}

int targets_open(struct targets *targets, const struct positions *positions)
{
    while (targets->count < targets->wanted) {
        struct target_options options = targets->options[targets->count];
        const struct position *position = positions_find(positions, options.name);

        if (position) {
            options.position = &position->owed;
            options.lost = position->lost;
        }
        struct target *target =
            target_new(targets->base, targets->connector, targets->ring, targets->series, &options);
        if (!target)
            return -1;
        targets->list[targets->count++] = target;
    }
    return 0;
}

void targets_owe(struct targets *targets, const struct positions *positions, uint64_t end)
{
    struct owed all = {0};

    owed_add(&all, ring_first(targets->ring), end);
    for (size_t i = 0; i < targets->count; i++) {
        const struct position *position = positions_find(positions, targets->options[i].name);

        target_owe(targets->list[i], position ? &position->owed : &all,
                   position ? position->lost : 0);
    }
}

int targets_positions(const struct targets *targets, struct positions *positions)
{
    for (size_t i = 0; i < targets->count; i++) {
        struct owed owed = {0};
        uint64_t lost = target_position(targets->list[i], &owed);

        if (positions_add(positions, targets->options[i].name, lost, &owed) < 0)
            return -1;
    }
    return 0;
}

void targets_notify(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        target_notify(targets->list[i]);
}

void targets_evict(struct targets *targets, uint64_t end)
{
    for (size_t i = 0; i < targets->count; i++)
        target_evict(targets->list[i], end);
}

void targets_stop(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        target_stop(targets->list[i]);
}

bool targets_idle(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        if (!target_idle(targets->list[i]))
            return false;
    return true;
}

const struct target_status *targets_status(struct targets *targets, size_t *count)
{
    for (size_t i = 0; i < targets->count; i++)
        targets->statuses[i] = target_status(targets->list[i]);
    *count = targets->count;
    return targets->statuses;
}
