#include "parachute/parachute.h"

#include "base/clock.h"
#include "base/log.h"
#include "parachute/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct actor_options node_acting(const struct parachute_options *options,
                                 const struct roster *roster)
{
    struct actor_options acting = {
        .namespace = options->namespace,
        .state_dir = options->state_dir,
        .run_dir = options->run_dir,
        .names = roster->names,
        .disk_count = roster->count,
    };

    memcpy(acting.commands, options->commands, sizeof acting.commands);
    return acting;
}

static int open_actor(struct parachute *parachute)
{
    const struct actor_options acting = node_acting(&parachute->options, &parachute->roster);

    parachute->actor = actor_new(&acting);
    return parachute->actor ? 0 : -1;
}

struct parachute *parachute_new(const struct parachute_options *options,
                                struct series_table *series)
{
    struct parachute *parachute = calloc(1, sizeof *parachute);

    if (!parachute)
        goto short_of_memory;
    parachute->options = *options;
    parachute->options.disks = NULL; /* they are copied */
    parachute->series = series;
    parachute->error = series_intern(series, "parachute.error");
    parachute->activated = series_intern(series, "parachute.activated");
    parachute->tipped = options->count;
    if (roster_open(&parachute->roster, options->disks, options->count, series) < 0 ||
        parachute->error == SERIES_NONE || parachute->activated == SERIES_NONE)
        goto short_of_memory;
    if (!options->acts || open_actor(parachute) == 0)
        return parachute;
    parachute_free(parachute);
    return NULL;

short_of_memory:
    log_write(LOG_LEVEL_ERROR, "parachute: out of memory");
    parachute_free(parachute);
    return NULL;
}

void parachute_free(struct parachute *parachute)
{
    if (!parachute)
        return;
    actor_free(parachute->actor);
    roster_close(&parachute->roster, parachute->series);
    series_release(parachute->series, parachute->error);
    series_release(parachute->series, parachute->activated);
    free(parachute);
}

int parachute_fd(const struct parachute *parachute)
{
    return parachute->actor ? actor_fd(parachute->actor) : -1;
}

void parachute_dispatch(struct parachute *parachute)
{
    actor_dispatch(parachute->actor);
}

/* Nothing follows from it before the first cycle has looked at the disks. */
static void take_up(struct parachute *parachute, const struct record *record)
{
    size_t known = 0;

    for (size_t i = 0; i < parachute->roster.count; i++) {
        struct watched *disk = &parachute->roster.disks[i];
        uint64_t mount = record_mount(disk->options.mount);

        for (size_t k = 0; k < record->disk_count; k++) {
            if (record->disks[k].mount != mount)
                continue;
            parachute->activated_count -= disk->verdict.activated;
            disk->verdict = judge_new(record->disks[k].activated, record->disks[k].held_off);
            disk->since_s = record->disks[k].since_s;
            known++;
            parachute->activated_count += disk->verdict.activated;
            if (disk->verdict.activated)
                log_write(LOG_LEVEL_WARNING, "parachute: %s is still activated, as remembered",
                          disk->options.mount);
        }
    }
    if (known < record->disk_count)
        log_write(LOG_LEVEL_WARNING,
                  "parachute: %zu of the disks that it remembers as activated are not observed any "
                  "more, and are forgotten",
                  record->disk_count - known);
}

static void on_loaded(void *arg, const struct record *record)
{
    struct parachute *parachute = arg;

    if (record)
        take_up(parachute, record);
    parachute->loaded = true;
    if (parachute->roster.count == 0) /* there will be no cycle */
        node_tell(parachute);
    if (parachute->ready)
        parachute->ready(parachute->arg);
    parachute->ready = NULL; /* what was late may come once more */
}

void parachute_load(struct parachute *parachute, void (*ready)(void *arg), void *arg)
{
    parachute->ready = ready;
    parachute->arg = arg;
    if (parachute->actor)
        actor_load(parachute->actor, on_loaded, parachute);
    else
        ready(arg);
}

void node_take(struct parachute *parachute, size_t index, const struct verdict *verdict)
{
    bool before = parachute_activated(parachute);

    parachute->activated_count -= parachute->roster.disks[index].verdict.activated;
    parachute->activated_count += verdict->activated;
    watched_take(&parachute->roster.disks[index], verdict);
    if (parachute_activated(parachute) != before)
        parachute->tipped = index;
}

void parachute_judge(struct parachute *parachute, const struct reading *readings)
{
    int64_t now_ns = clock_mono_ns();

    for (size_t i = 0; i < parachute->roster.count; i++) {
        const struct verdict verdict =
            watched_judge(&parachute->roster.disks[i], &readings[i], now_ns);

        node_take(parachute, i, &verdict);
    }
    node_tell(parachute);
}

struct order_disk node_order_disk(const struct parachute *parachute, size_t index)
{
    struct order_disk order = {0};

    if (index >= parachute->roster.count)
        return order;
    const struct watched *disk = &parachute->roster.disks[index];
    snprintf(order.name, sizeof order.name, "%s", disk->options.name);
    order.mount = disk->options.mount;
    order.used_bytes = disk->reading.used_bytes;
    order.free_bytes = disk->reading.free_bytes;
    order.used_percent = disk->verdict.used_percent;
    order.threshold_percent = disk->options.rule.threshold_percent;
    return order;
}

void node_tell(struct parachute *parachute)
{
    struct roster *roster = &parachute->roster;
    struct actor_news news = {.activated = parachute_activated(parachute),
                              .disks = roster->activated_names,
                              .remembered = roster->remembered,
                              .since_s = roster->since_s};

    if (!parachute->loaded || !parachute->actor)
        return;
    roster_tell(roster);
    for (size_t i = 0; i < roster->count; i++) {
        const struct watched *disk = &roster->disks[i];
        const struct verdict *verdict = &disk->verdict;

        if (verdict->activated || verdict->held_off)
            roster->remembered[news.remembered_count++] =
                (struct record_disk){.mount = record_mount(disk->options.mount),
                                     .activated = verdict->activated,
                                     .held_off = verdict->held_off,
                                     .since_s = disk->since_s};
    }
    news.tipped = node_order_disk(parachute, parachute->tipped);
    actor_tell(parachute->actor, &news);
}

void parachute_emit(const struct parachute *parachute, struct snapshot *snapshot)
{
    bool error = false;

    for (size_t i = 0; i < parachute->roster.count; i++)
        if (watched_counts(&parachute->roster.disks[i]) && parachute->roster.disks[i].verdict.error)
            error = true;

    snapshot_add(snapshot, parachute->error, error);
    snapshot_add(snapshot, parachute->activated, parachute_activated(parachute));
    for (size_t i = 0; i < parachute->roster.count; i++)
        if (watched_counts(&parachute->roster.disks[i]))
            watched_emit(&parachute->roster.disks[i], snapshot);
}

bool parachute_activated(const struct parachute *parachute)
{
    return parachute->activated_count > 0;
}
