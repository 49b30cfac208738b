#include "parachute/act/actor_parts.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct plan_now now(void)
{
    return (struct plan_now){.mono_ns = clock_mono_ns(),
                             .wall_s = clock_wall_ns() / CLOCK_NS_PER_S};
}

bool actor_busy(const struct actor *actor)
{
    return attempt_under_way(actor->attempt) || leftover_active(&actor->leftover);
}

static void start(struct actor *actor, enum plan_event event)
{
    const struct plan_run *run = &actor->record.plan.runs[event];
    struct order *order = actor_order(actor, event, actor->disks, &actor->record.tipped);
    char name[64];

    plan_started(&actor->record.plan, event, now());
    snprintf(name, sizeof name, "%s, attempt %u of %u", plan_event_name(event), run->attempts,
             actor->rules.retries[event] + 1);
    const struct supervisor_work work = {.order = order,
                                         .state_dir = actor->options.state_dir,
                                         .number = run->number,
                                         .attempt = run->attempts};
    if (!order || attempt_start(actor->attempt, &work, name, NULL) < 0) {
        log_complain(&actor->unbegun, LOG_LEVEL_ERROR, "parachute: %s: cannot be started: %s", name,
                     strerror(order ? errno : ENOMEM));
        plan_ended(&actor->record.plan, &actor->rules, PLAN_STATUS_UNBEGUN, now());
    }
    actor->unwritten = true;
    free(order);
}

void actor_advance(void *arg)
{
    struct actor *actor = arg;
    enum plan_event event = PLAN_EVENTS;
    int64_t next_ns = 0;

    if (actor->disks && !actor_busy(actor) && plan_due(&actor->record.plan, now(), &event))
        start(actor, event);
    if (actor->unwritten && actor->recall && !attempt_starting(actor->attempt)) {
        actor->unwritten = false;
        recall_store(actor->recall, &actor->record);
    }
    if (actor->disks && !actor_busy(actor))
        next_ns = plan_wake_ns(&actor->record.plan);
    wait_until(actor->waits, &actor->next, next_ns > 0 ? next_ns : 0);
}

static void on_started(void *arg, const struct process *command, const struct process *supervisor)
{
    struct actor *actor = arg;

    log_relieve(&actor->unbegun, "parachute: commands can be started again");
    actor->record.command = *command;
    actor->record.supervisor = *supervisor;
    actor->unwritten = true;
    actor_advance(actor);
    if (!actor->recall)
        attempt_recorded(actor->attempt);
}

static void on_hurried(void *arg)
{
    const struct actor *actor = arg;

    log_write(LOG_LEVEL_WARNING,
              "parachute: state_dir %s has not written down in time that a command starts; it "
              "starts all the same",
              actor->options.state_dir);
}

static void on_ended(void *arg, int status, bool rehearsed)
{
    struct actor *actor = arg;

    if (!rehearsed)
        plan_ended(&actor->record.plan, &actor->rules, status, now());
    actor->record.command = actor->record.supervisor = (struct process){0};
    actor->unwritten = true;
    actor_advance(actor);
}

static void on_stored(void *arg)
{
    struct actor *actor = arg;

    attempt_recorded(actor->attempt);
    actor_advance(actor);
}

static void on_fetched(void *arg, const struct record_end *end)
{
    struct actor *actor = arg;

    leftover_over(&actor->leftover, &actor->record, &actor->rules, end, now());
    actor->unwritten = true;
    actor_advance(actor);
}

static void take_up(struct actor *actor, const struct record *record, const struct record_end *end)
{
    actor->record = *record;
    if (record->tipped.mount)
        actor->record.tipped.mount = actor->record.tipped_mount;
    plan_resume(&actor->record.plan, &actor->rules);
    enum plan_event event = plan_running(&actor->record.plan);
    unsigned timeout_ms =
        actor->options.commands[event < PLAN_EVENTS ? event : PLAN_ACTIVATE].timeout_ms;
    if (!leftover_watch(&actor->leftover, actor->waits, actor->recall, record, timeout_ms))
        leftover_over(&actor->leftover, &actor->record, &actor->rules, end, now());
    actor->unwritten = true;
}

static void on_loaded(void *arg, const struct record *record, const struct record_end *end)
{
    struct actor *actor = arg;

    if (record)
        take_up(actor, record, end);
    else if (end) /* its number must not be given again */
        actor->record.plan.last_number = end->number;
    actor->loaded(actor->arg, record ? &actor->record : NULL);
    actor_advance(actor);
}

static int open_parts(struct actor *actor)
{
    actor->waits = waits_new();
    if (!actor->waits)
        return -1;
    actor->attempt = attempt_new(actor->waits, &(struct attempt_heard){.started = on_started,
                                                                       .late = actor_advance,
                                                                       .hurried = on_hurried,
                                                                       .ended = on_ended,
                                                                       .arg = actor});
    return actor->attempt ? 0 : -1;
}

struct actor *actor_new(const struct actor_options *options)
{
    struct actor *actor = calloc(1, sizeof *actor);

    if (!actor)
        goto failed;
    actor_take_options(actor, options);
    actor->next = (struct wait){.due = actor_advance, .arg = actor};
    if (open_parts(actor) == 0)
        return actor;

failed:
    log_write(LOG_LEVEL_ERROR, "parachute: cannot start: %s", strerror(errno));
    actor_free(actor);
    return NULL;
}

void actor_free(struct actor *actor)
{
    if (!actor)
        return;
    attempt_free(actor->attempt);
    leftover_end(&actor->leftover);
    marker_free(actor->marker);
    recall_free(actor->recall);
    wait_end(&actor->next);
    waits_free(actor->waits);
    free(actor);
}

int actor_fd(const struct actor *actor)
{
    return waits_fd(actor->waits);
}

void actor_dispatch(struct actor *actor)
{
    waits_dispatch(actor->waits);
}

void actor_load(struct actor *actor, void (*loaded)(void *arg, const struct record *record),
                void *arg)
{
    const struct recall_heard heard = {
        .loaded = on_loaded, .stored = on_stored, .fetched = on_fetched, .arg = actor};

    const struct actor_options *options = &actor->options;

    actor->loaded = loaded;
    actor->arg = arg;
    if (options->run_dir)
        actor->marker =
            marker_new(actor->waits, options->run_dir, options->names, options->disk_count);
    if (options->state_dir)
        actor->recall = recall_new(actor->waits, options->state_dir, &heard);
    if ((options->run_dir && !actor->marker) || (options->state_dir && !actor->recall))
        log_write(LOG_LEVEL_ERROR, "parachute: cannot mark or remember: %s", strerror(errno));
    if (!actor->recall)
        loaded(arg, NULL);
}

void actor_tell(struct actor *actor, const struct actor_news *news)
{
    if (record_take_disks(&actor->record, news->remembered, news->remembered_count))
        actor->unwritten = true;
    actor->disks = news->disks;
    if (plan_turn(&actor->record.plan, &actor->rules, news->activated, now())) {
        record_take_tipped(&actor->record, &news->tipped);
        actor->unwritten = true;
    }
    if (actor->marker)
        marker_mark(actor->marker, news->activated ? actor->record.plan.since_s : 0, news->since_s);
    actor_advance(actor);
}

void actor_reset(struct actor *actor)
{
    plan_reset(&actor->record.plan, now());
    actor->unwritten = true;
    actor_advance(actor);
}

const struct plan *actor_plan(const struct actor *actor)
{
    return &actor->record.plan;
}

pid_t actor_pid(const struct actor *actor)
{
    return actor->record.command.pid;
}
