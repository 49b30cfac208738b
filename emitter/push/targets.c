#include "emitter/push/targets.h"

#include "emitter/push/connect.h"

#include <stdlib.h>
#include <string.h>

struct targets {
    struct event_base *base;
    const struct ring *ring;
    const struct series_table *series;
    const struct target_options *options;
    struct connector *connector;
    struct target **list;
    bool open;
    size_t count;                   /* that are open */
    size_t wanted;                  /* that there are options for */
    struct target_status *statuses; /* filled whenever they are asked for */
};

struct targets_next {
    const struct target_options *options;
    size_t count;
    struct target **list; /* the new ones, which are owed nothing yet; NULL: not new */
    struct target_status *statuses;
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
    targets->connector = connector_new(base);

    struct targets_next *next =
        targets->connector ? targets_next_new(targets, options, count) : NULL;
    if (!next) {
        targets_free(targets);
        return NULL;
    }
    targets_take(targets, next);
    return targets;
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

/* Its place among the open ones, whose options are still the old ones; the count where none is. */
static size_t find(const struct targets *targets, const char *name)
{
    size_t i = 0;

    while (i < targets->count && (!targets->list[i] || strcmp(targets->options[i].name, name) != 0))
        i++;
    return i;
}

/* They begin to connect, which shows only when the loop goes on. */
static int make_new(const struct targets *targets, struct targets_next *next)
{
    const struct owed nothing = {0};

    for (size_t i = 0; targets->open && i < next->count; i++) {
        struct target_options options = next->options[i];

        if (find(targets, options.name) < targets->count)
            continue;
        options.position = &nothing;
        next->list[i] =
            target_new(targets->base, targets->connector, targets->ring, targets->series, &options);
        if (!next->list[i])
            return -1;
    }
    return 0;
}

struct targets_next *targets_next_new(const struct targets *targets,
                                      const struct target_options *options, size_t count)
{
    struct targets_next *next = calloc(1, sizeof *next);

    if (!next || count == 0)
        return next;
    next->options = options;
    next->count = count;
    next->list = calloc(count, sizeof(struct target *));
    next->statuses = calloc(count, sizeof *next->statuses);
    if (next->list && next->statuses && make_new(targets, next) == 0)
        return next;
    targets_next_free(next);
    return NULL;
}

void targets_next_free(struct targets_next *next)
{
    if (!next)
        return;
    for (size_t i = 0; next->list && i < next->count; i++)
        target_free(next->list[i]);
    free(next->list);
    free(next->statuses);
    free(next);
}

/* Fills the new list's gaps from the old one, and then parts with what is left there. */
static void carry_over(struct targets *targets, struct targets_next *next)
{
    struct owed all = {0};

    owed_add(&all, ring_first(targets->ring), ring_end(targets->ring));
    for (size_t i = 0; i < next->count; i++) {
        if (next->list[i]) {
            target_owe(next->list[i], &all, 0);
            continue;
        }
        size_t at = find(targets, next->options[i].name);

        next->list[i] = targets->list[at];
        targets->list[at] = NULL;
        target_adapt(next->list[i], &next->options[i]);
    }
    for (size_t i = 0; i < targets->count; i++)
        if (targets->list[i])
            target_forget(targets->list[i]);
}

void targets_take(struct targets *targets, struct targets_next *next)
{
    if (targets->open) {
        carry_over(targets, next);
        targets->count = next->count;
    }
    free(targets->list);
    free(targets->statuses);
    targets->list = next->list;
    targets->statuses = next->statuses;
    targets->options = next->options;
    targets->wanted = next->count;
    free(next);
}

int targets_open(struct targets *targets, const struct positions *positions)
{
    targets->open = true;
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
