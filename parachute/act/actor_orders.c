#include "parachute/act/actor_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void actor_take_options(struct actor *actor, const struct actor_options *options)
{
    actor->options = *options;
    for (enum plan_event event = 0; event < PLAN_EVENTS; event++) {
        actor->rules.has[event] = options->commands[event].argv != NULL;
        actor->rules.retries[event] = options->commands[event].retries;
    }
}

int actor_adapt(struct actor *actor, const struct actor_options *options, const int64_t *since_s)
{
    struct plan *plan = &actor->record.plan;

    if (actor->marker && marker_adapt(actor->marker, options->names, options->disk_count,
                                      plan->activated ? plan->since_s : 0, since_s) < 0) {
        log_write(LOG_LEVEL_ERROR, "parachute: cannot mark other disks: %s", strerror(errno));
        return -1;
    }
    actor_take_options(actor, options);
    actor->disks = NULL;
    if (plan_adapt(plan, &actor->rules))
        actor->unwritten = true;
    actor_advance(actor);
    return 0;
}

struct order *actor_order(const struct actor *actor, enum plan_event event, const char *disks,
                          const struct order_disk *disk)
{
    if (!actor->rules.has[event])
        return NULL;
    return order_new(&actor->options.commands[event], event, actor->options.namespace, disks, disk);
}

int actor_rehearse(struct actor *actor, enum plan_event event, const char *disks,
                   const struct order_disk *disk, const struct attempt_rehearsal *rehearsal,
                   const char **why)
{
    char name[64];

    if (!actor->rules.has[event] || actor_busy(actor)) {
        *why = actor_busy(actor) ? "a command is under way" : "no such command is configured";
        return -1;
    }
    struct order *order = actor_order(actor, event, disks, disk);
    snprintf(name, sizeof name, "%s, as a test", plan_event_name(event));
    const struct supervisor_work work = {.order = order};
    int result = order ? attempt_start(actor->attempt, &work, name, rehearsal) : -1;
    if (result < 0)
        *why = strerror(order ? errno : ENOMEM);
    free(order);
    return result;
}

void actor_forget_rehearsal(struct actor *actor, const void *arg)
{
    attempt_forget(actor->attempt, arg);
}
