#include "parachute/operate.h"

#include "parachute/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(OPERATE_CAUSE_MAX >= WATCHED_CAUSE_MAX, "a cause fits");

size_t operate_disks(const struct parachute *parachute)
{
    return parachute->roster.count;
}

struct operate_disk operate_disk(const struct parachute *parachute, size_t index)
{
    const struct watched *disk = &parachute->roster.disks[index];

    return (struct operate_disk){.options = &disk->options,
                                 .verdict = &disk->verdict,
                                 .reading = &disk->reading,
                                 .observed = watched_counts(disk),
                                 .since_s = disk->since_s};
}

size_t operate_find(const struct parachute *parachute, const char *disk)
{
    size_t len = strlen(disk);

    while (len > 1 && disk[len - 1] == '/')
        len--;
    for (size_t i = 0; i < parachute->roster.count; i++) {
        const struct parachute_disk *options = &parachute->roster.disks[i].options;

        if (strcmp(options->name, disk) == 0 ||
            (strncmp(options->mount, disk, len) == 0 && options->mount[len] == '\0'))
            return i;
    }
    return parachute->roster.count;
}

const struct plan *operate_plan(const struct parachute *parachute)
{
    return parachute->actor ? actor_plan(parachute->actor) : NULL;
}

pid_t operate_pid(const struct parachute *parachute)
{
    return parachute->actor ? actor_pid(parachute->actor) : 0;
}

const struct order_command *operate_command(const struct parachute *parachute,
                                            enum plan_event event)
{
    return &parachute->options.commands[event];
}

void operate_cause(const struct parachute *parachute, size_t index, char *text)
{
    watched_cause(&parachute->roster.disks[index], text);
}

static const char by_force[] = "--force releases it all the same";

/* Only what is activated is released, so only that can be a wrong move. */
static const char starting[] = "the agent is only starting, try again";

static int refuse(const struct watched *disk, char *why)
{
    const char *name = disk->options.name;
    char cause[WATCHED_CAUSE_MAX];

    if (!disk->verdict.activated)
        return 0;
    watched_cause(disk, cause);
    if (disk->verdict.cause != JUDGE_CLEAR)
        snprintf(why, OPERATE_WHY_MAX, "%s %s: %s; %s", name,
                 disk->verdict.cause == JUDGE_USED ? "is still over its threshold"
                                                   : "still counts as full",
                 cause, by_force);
    else if (disk->verdict.error)
        snprintf(why, OPERATE_WHY_MAX,
                 "%s cannot be read (%s), so nobody knows whether it is still over its threshold; "
                 "%s",
                 name, reading_reason(&disk->reading), by_force);
    else
        return 0;
    return -1;
}

int operate_reset(struct parachute *parachute, size_t index, bool force, char *why)
{
    size_t from = index < parachute->roster.count ? index : 0;
    size_t end = index < parachute->roster.count ? index + 1 : parachute->roster.count;

    if (parachute->actor && !parachute->loaded) {
        snprintf(why, OPERATE_WHY_MAX, "%s", starting);
        return -1;
    }
    for (size_t i = from; i < end && !force; i++)
        if (refuse(&parachute->roster.disks[i], why) < 0)
            return -1;
    for (size_t i = from; i < end; i++) {
        if (!parachute->roster.disks[i].verdict.activated)
            continue;
        const struct verdict verdict = judge_reset(parachute->roster.disks[i].verdict);
        node_take(parachute, i, &verdict);
    }
    /* In this order: what the turn cancels counts as failed, and is to be forgotten too. */
    node_tell(parachute);
    if (parachute->actor)
        actor_reset(parachute->actor);
    return 0;
}

/* The names of the disks that would be activated just after the event; to be freed. */
static char *would_be_activated(const struct parachute *parachute, size_t index,
                                enum plan_event event)
{
    size_t room = 1;

    for (size_t i = 0; i < parachute->roster.count; i++)
        room += strlen(parachute->roster.names[i]) + 1;
    char *names = calloc(1, room);
    char *end = names;
    for (size_t i = 0; names && event == PLAN_ACTIVATE && i < parachute->roster.count; i++) {
        if (i != index && !parachute->roster.disks[i].verdict.activated)
            continue;
        if (end > names)
            *end++ = ' ';
        end = stpcpy(end, parachute->roster.names[i]);
    }
    return names;
}

struct order *operate_order(const struct parachute *parachute, size_t index, enum plan_event event)
{
    const struct order_disk disk = node_order_disk(parachute, index);
    struct order *order = NULL;

    if (!parachute->actor || !parachute->options.commands[event].argv)
        return NULL;
    char *names = would_be_activated(parachute, index, event);
    if (names)
        order = actor_order(parachute->actor, event, names, &disk);
    free(names);
    return order;
}

int operate_rehearse(struct parachute *parachute, size_t index, enum plan_event event,
                     const struct attempt_rehearsal *rehearsal, char *why)
{
    const struct order_disk disk = node_order_disk(parachute, index);
    const char *reason = parachute->actor ? starting : "this agent runs no commands";
    int result = -1;

    if (parachute->actor && parachute->loaded) {
        char *names = would_be_activated(parachute, index, event);
        reason = "there is not enough memory";
        if (names)
            result = actor_rehearse(parachute->actor, event, names, &disk, rehearsal, &reason);
        free(names);
    }
    if (result < 0)
        snprintf(why, OPERATE_WHY_MAX, "%s", reason);
    return result;
}

void operate_forget(struct parachute *parachute, const void *arg)
{
    if (parachute->actor)
        actor_forget_rehearsal(parachute->actor, arg);
}
