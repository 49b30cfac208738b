#include "parachute/plan.h"

#include "base/clock.h"

#define BACKOFF_MAX_S 60

const char *plan_event_name(enum plan_event event)
{
    return event == PLAN_ACTIVATE ? "activate" : "release";
}

static int64_t backoff_ns(unsigned attempts)
{
    int64_t wait_s = 1;

    for (unsigned i = 1; i < attempts && wait_s < BACKOFF_MAX_S; i++)
        wait_s *= 2;
    return (wait_s < BACKOFF_MAX_S ? wait_s : BACKOFF_MAX_S) * CLOCK_NS_PER_S;
}

static void enter(struct plan_run *run, enum plan_state state, struct plan_now now)
{
    if (run->state != state)
        run->changed_s = now.wall_s;
    run->state = state;
    run->due_ns = 0;
}

static void forget(struct plan_run *run, struct plan_now now)
{
    enter(run, PLAN_NONE, now);
    run->attempts = 0;
    run->status = 0;
}

/* Not to be run any more; but that it failed is to be seen. */
static void cancel(struct plan_run *run, struct plan_now now)
{
    if (run->state != PLAN_PENDING)
        return;
    if (run->attempts > 0)
        enter(run, PLAN_FAILED, now);
    else
        forget(run, now);
}

static void demand(struct plan *plan, enum plan_event event, struct plan_now now)
{
    struct plan_run *run = &plan->runs[event];

    plan->waits[event] = plan_running(plan) != PLAN_EVENTS;
    if (plan->waits[event])
        return;
    forget(run, now);
    run->number = ++plan->last_number;
    run->due_ns = now.mono_ns;
    run->state = PLAN_PENDING;
    run->changed_s = now.wall_s;
}

static void turn_activated(struct plan *plan, const struct plan_rules *rules, struct plan_now now)
{
    plan->waits[PLAN_RELEASE] = false;
    for (enum plan_event event = PLAN_ACTIVATE; event < PLAN_EVENTS; event++)
        if (plan->runs[event].state != PLAN_RUNNING)
            forget(&plan->runs[event], now);
    if (rules->has[PLAN_ACTIVATE])
        demand(plan, PLAN_ACTIVATE, now);
}

static void turn_released(struct plan *plan, const struct plan_rules *rules, struct plan_now now)
{
    struct plan_run *activation = &plan->runs[PLAN_ACTIVATE];
    bool unbegun = plan->waits[PLAN_ACTIVATE] ||
                   (activation->state == PLAN_PENDING && activation->attempts == 0);
    bool releasing = plan->runs[PLAN_RELEASE].state == PLAN_RUNNING;

    plan->waits[PLAN_ACTIVATE] = false;
    cancel(activation, now);
    if (!rules->has[PLAN_RELEASE])
        return;
    if (unbegun && (releasing || !plan->release_owed))
        return;
    demand(plan, PLAN_RELEASE, now);
}

bool plan_turn(struct plan *plan, const struct plan_rules *rules, bool activated,
               struct plan_now now)
{
    if (plan->activated == activated)
        return false;
    plan->activated = activated;
    plan->since_s = now.wall_s;
    if (activated)
        turn_activated(plan, rules, now);
    else
        turn_released(plan, rules, now);
    return true;
}

/* The one that is PENDING; there are never two. */
static enum plan_event pending(const struct plan *plan)
{
    enum plan_event event = PLAN_ACTIVATE;

    while (event < PLAN_EVENTS && plan->runs[event].state != PLAN_PENDING)
        event++;
    return event;
}

bool plan_due(const struct plan *plan, struct plan_now now, enum plan_event *event)
{
    int64_t wake_ns = plan_wake_ns(plan);

    if (wake_ns < 0 || wake_ns > now.mono_ns)
        return false;
    *event = pending(plan);
    return true;
}

int64_t plan_wake_ns(const struct plan *plan)
{
    enum plan_event event = pending(plan);

    if (event == PLAN_EVENTS || plan_running(plan) != PLAN_EVENTS)
        return -1;
    return plan->runs[event].due_ns;
}

enum plan_event plan_running(const struct plan *plan)
{
    enum plan_event event = PLAN_ACTIVATE;

    while (event < PLAN_EVENTS && plan->runs[event].state != PLAN_RUNNING)
        event++;
    return event;
}

void plan_started(struct plan *plan, enum plan_event event, struct plan_now now)
{
    struct plan_run *run = &plan->runs[event];

    enter(run, PLAN_RUNNING, now);
    run->attempts++;
    if (event == PLAN_ACTIVATE)
        plan->release_owed = true;
}

/* Whether a run that did not succeed is still what the node is for. */
static bool wanted(const struct plan *plan, const struct plan_rules *rules, enum plan_event event)
{
    return rules->has[event] && plan->activated == (event == PLAN_ACTIVATE);
}

static void try_again(struct plan_run *run, struct plan_now now, int64_t wait_ns)
{
    enter(run, PLAN_PENDING, now);
    run->due_ns = now.mono_ns + wait_ns;
}

/* Nothing is RUNNING now. */
static void let_the_waiting_go(struct plan *plan, struct plan_now now)
{
    for (enum plan_event event = PLAN_ACTIVATE; event < PLAN_EVENTS; event++)
        if (plan->waits[event])
            demand(plan, event, now);
}

void plan_ended(struct plan *plan, const struct plan_rules *rules, int status, struct plan_now now)
{
    enum plan_event event = plan_running(plan);

    if (event == PLAN_EVENTS)
        return;
    struct plan_run *run = &plan->runs[event];
    run->status = status;
    if (status == 0) {
        enter(run, PLAN_FINISHED, now);
        if (event == PLAN_RELEASE)
            plan->release_owed = false;
    } else if (wanted(plan, rules, event) && status == PLAN_STATUS_UNBEGUN) {
        run->attempts--;
        try_again(run, now, CLOCK_NS_PER_S);
    } else if (wanted(plan, rules, event) && run->attempts <= rules->retries[event])
        try_again(run, now, backoff_ns(run->attempts));
    else
        enter(run, PLAN_FAILED, now);
    let_the_waiting_go(plan, now);
}

void plan_lost(struct plan *plan, const struct plan_rules *rules, struct plan_now now)
{
    enum plan_event event = plan_running(plan);

    if (event == PLAN_EVENTS)
        return;
    struct plan_run *run = &plan->runs[event];
    run->status = PLAN_STATUS_UNKNOWN;
    if (wanted(plan, rules, event))
        try_again(run, now, 0);
    else
        enter(run, PLAN_FAILED, now);
    let_the_waiting_go(plan, now);
}

bool plan_adapt(struct plan *plan, const struct plan_rules *rules)
{
    bool changed = false;

    for (enum plan_event event = PLAN_ACTIVATE; event < PLAN_EVENTS; event++) {
        struct plan_run *run = &plan->runs[event];

        if (rules->has[event] || (!plan->waits[event] && run->state != PLAN_PENDING))
            continue;
        changed = true;
        plan->waits[event] = false;
        if (run->state != PLAN_PENDING)
            continue;
        run->state = run->attempts > 0 ? PLAN_FAILED : PLAN_NONE;
        run->due_ns = 0;
    }
    return changed;
}

void plan_resume(struct plan *plan, const struct plan_rules *rules)
{
    for (enum plan_event event = PLAN_ACTIVATE; event < PLAN_EVENTS; event++)
        plan->runs[event].due_ns = 0;
    plan_adapt(plan, rules);
}

void plan_reset(struct plan *plan, struct plan_now now)
{
    for (enum plan_event event = PLAN_ACTIVATE; event < PLAN_EVENTS; event++)
        if (plan->runs[event].state == PLAN_FAILED)
            forget(&plan->runs[event], now);
}
