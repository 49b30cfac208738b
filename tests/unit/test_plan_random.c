/*
 * The plan under turns, ends, losses and restarts by chance: whatever comes, two never run at once,
 * what finished is not begun again, and what has to run is not forgotten.
 */
#include "parachute/plan.h"
#include "tests/unit/unit.h"

#define S INT64_C(1000000000)
#define WORLDS 3000
#define EVENTS 200

/* What is seen from outside, kept without a look at how the plan works. */
struct world {
    struct plan plan;
    struct plan_rules rules;
    struct plan_now now;
    bool demanded[PLAN_EVENTS]; /* it has to finish, or to fail for good */
    uint64_t turned_at;         /* the last number when the node turned */
    bool stopped;               /* an activation was begun, and not released since */
    uint64_t number;            /* of the run that was begun last, and its attempts */
    unsigned attempts;
    unsigned lost;
    bool finished; /* that run */
};

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void turn(struct world *world)
{
    struct plan *plan = &world->plan;
    bool on = !plan->activated;
    bool has_activation = world->rules.has[PLAN_ACTIVATE];

    world->turned_at = plan->last_number;
    assert_true(plan_turn(plan, &world->rules, on, world->now));
    world->demanded[PLAN_ACTIVATE] = on && has_activation;
    world->demanded[PLAN_RELEASE] =
        !on && world->rules.has[PLAN_RELEASE] && (world->stopped || !has_activation);
}

static void start(struct world *world)
{
    enum plan_event event = PLAN_EVENTS;

    if (!plan_due(&world->plan, world->now, &event))
        return;
    const struct plan_run *run = &world->plan.runs[event];
    assert_int_equal(plan_running(&world->plan), PLAN_EVENTS);
    assert_true(world->rules.has[event]);
    assert_int_equal(world->plan.activated, event == PLAN_ACTIVATE);
    assert_true(run->number > world->turned_at || event == PLAN_RELEASE);
    assert_true(run->number >= world->number);
    if (run->number == world->number)
        assert_false(world->finished);
    else
        world->lost = 0;
    unsigned before = run->number == world->number ? world->attempts : 0;
    plan_started(&world->plan, event, world->now);
    assert_int_equal(run->state, PLAN_RUNNING);
    assert_int_equal(run->attempts, before + 1);
    assert_true(run->attempts <= world->rules.retries[event] + 1 + world->lost);
    world->number = run->number;
    world->attempts = run->attempts;
    world->finished = false;
    world->stopped = world->stopped || event == PLAN_ACTIVATE;
}

/* An activation that began before the node turned twice does not do for the second. */
static bool does_for_it(const struct world *world, enum plan_event event)
{
    return event == PLAN_RELEASE || world->number > world->turned_at;
}

static void end(struct world *world, int status)
{
    enum plan_event event = plan_running(&world->plan);

    if (event == PLAN_EVENTS)
        return;
    world->finished = status == 0;
    if (world->finished && event == PLAN_RELEASE)
        world->stopped = false;
    if (does_for_it(world, event) && (status == 0 || world->attempts > world->rules.retries[event]))
        world->demanded[event] = false;
    plan_ended(&world->plan, &world->rules, status, world->now);
    assert_false(world->plan.runs[event].state == PLAN_RUNNING);
}

static void lose(struct world *world)
{
    if (plan_running(&world->plan) == PLAN_EVENTS)
        return;
    world->lost++;
    plan_lost(&world->plan, &world->rules, world->now);
}

/* The monotonic clock begins anew; now and then the configuration is another one. */
static void restart(struct world *world)
{
    world->now.mono_ns = 1;
    if (chance(4) == 0)
        world->rules.has[chance(PLAN_EVENTS)] ^= true;
    for (enum plan_event event = 0; event < PLAN_EVENTS; event++)
        world->demanded[event] = world->demanded[event] && world->rules.has[event];
    plan_resume(&world->plan, &world->rules);
    switch (chance(4)) {
    case 0:
        end(world, (int)chance(2));
        return;
    case 1:
    case 2:
        lose(world);
        return;
    default:
        return;
    }
}

static void let_happen(struct world *world)
{
    int64_t wake_ns = plan_wake_ns(&world->plan);

    switch (chance(16)) {
    case 0:
    case 1:
    case 2:
        turn(world);
        return;
    case 3:
        restart(world);
        return;
    case 4:
        plan_reset(&world->plan, world->now);
        return;
    case 5:
    case 6:
        end(world, 0);
        return;
    case 7:
    case 8:
    case 9:
        end(world, 1 + (int)chance(PLAN_STATUS_UNKNOWN));
        return;
    case 10:
    case 11:
        if (wake_ns > world->now.mono_ns)
            world->now.mono_ns = wake_ns;
        return;
    default:
        start(world);
        return;
    }
}

static void check(const struct world *world)
{
    const struct plan *plan = &world->plan;
    enum plan_event event = PLAN_EVENTS;
    unsigned count[PLAN_FAILED + 1] = {0};
    bool waits = plan->waits[PLAN_ACTIVATE] || plan->waits[PLAN_RELEASE];

    for (enum plan_event i = 0; i < PLAN_EVENTS; i++) {
        enum plan_state is = plan->runs[i].state;

        count[is]++;
        assert_true(plan->runs[i].number <= plan->last_number);
        if (world->demanded[i])
            assert_true(plan->waits[i] || is == PLAN_PENDING || is == PLAN_RUNNING);
    }
    assert_true(count[PLAN_RUNNING] <= 1);
    assert_true(count[PLAN_PENDING] <= 1);
    assert_true(!waits || count[PLAN_RUNNING] == 1);
    assert_false(plan->waits[PLAN_ACTIVATE] && plan->waits[PLAN_RELEASE]);

    int64_t wake_ns = plan_wake_ns(plan);
    assert_int_equal(wake_ns >= 0, count[PLAN_PENDING] == 1 && count[PLAN_RUNNING] == 0);
    assert_int_equal(plan_due(plan, world->now, &event),
                     wake_ns >= 0 && wake_ns <= world->now.mono_ns);
}

/* From here on all is well: what had to run has run. */
static void settle(struct world *world)
{
    for (int i = 0; i < 4; i++) {
        end(world, 0);
        world->now.mono_ns += 60 * S;
        start(world);
        check(world);
    }
    assert_int_equal(plan_running(&world->plan), PLAN_EVENTS);
    assert_int_equal(plan_wake_ns(&world->plan), -1);
    assert_false(world->demanded[PLAN_ACTIVATE]);
    assert_false(world->demanded[PLAN_RELEASE]);
}

static void whatever_comes_nothing_runs_twice_and_nothing_is_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < WORLDS; i++) {
        struct world world = {
            .rules = {.has = {chance(8) > 0, chance(8) > 0}, .retries = {chance(4), chance(4)}},
            .now = {.mono_ns = 1, .wall_s = 1594380720}};

        for (int k = 0; k < EVENTS; k++) {
            uint64_t last_number = world.plan.last_number;

            world.now.mono_ns += chance(2) * S / 4;
            let_happen(&world);
            assert_true(world.plan.last_number >= last_number);
            check(&world);
        }
        settle(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes_nothing_runs_twice_and_nothing_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
