/* A run's attempts: when the next one comes, what is told of the last, and what a configuration
 * that lost a command makes of it. */
#include "parachute/plan.h"
#include "tests/unit/unit.h"

#define S INT64_C(1000000000)

static struct plan_now at(int64_t mono_ns)
{
    return (struct plan_now){.mono_ns = mono_ns, .wall_s = 1594380720 + mono_ns / S};
}

static void attempts_come_after_1_2_4_and_at_most_60_s(void **state)
{
    const int64_t waits_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    const struct plan_rules rules = {{true, true}, {9, 9}};
    enum plan_event event = PLAN_EVENTS;
    struct plan plan = {0};
    int64_t now_ns = 5 * S;

    (void)state;
    assert_int_equal(plan_wake_ns(&plan), -1);
    assert_false(plan_due(&plan, at(now_ns), &event));
    plan_turn(&plan, &rules, true, at(now_ns));
    assert_int_equal(plan_wake_ns(&plan), now_ns);
    for (size_t i = 0; i < sizeof waits_s / sizeof *waits_s; i++) {
        assert_true(plan_due(&plan, at(now_ns), &event));
        plan_started(&plan, event, at(now_ns));
        assert_false(plan_due(&plan, at(now_ns + 1000 * S), &event));
        assert_int_equal(plan_wake_ns(&plan), -1);
        now_ns += 7; /* the time is counted from the end */
        plan_ended(&plan, &rules, 1, at(now_ns));
        now_ns += waits_s[i] * S;
        assert_int_equal(plan_wake_ns(&plan), now_ns);
        assert_false(plan_due(&plan, at(now_ns - 1), &event));
    }
    assert_true(plan_due(&plan, at(now_ns), &event));
    plan_started(&plan, event, at(now_ns));
    plan_ended(&plan, &rules, 1, at(now_ns));
    assert_int_equal(plan.runs[PLAN_ACTIVATE].state, PLAN_FAILED);
    assert_int_equal(plan_wake_ns(&plan), -1);
}

static void what_could_not_be_begun_uses_up_no_attempt(void **state)
{
    const struct plan_rules rules = {{true, true}, {0, 0}};
    enum plan_event event = PLAN_EVENTS;
    struct plan plan = {0};

    (void)state;
    plan_turn(&plan, &rules, true, at(0));
    for (int64_t i = 0; i < 100; i++) {
        assert_true(plan_due(&plan, at(i * S), &event));
        plan_started(&plan, event, at(i * S));
        plan_ended(&plan, &rules, PLAN_STATUS_UNBEGUN, at(i * S));
        assert_int_equal(plan_wake_ns(&plan), (i + 1) * S);
        assert_int_equal(plan.runs[PLAN_ACTIVATE].attempts, 0);
    }
    plan_started(&plan, PLAN_ACTIVATE, at(100 * S));
    plan_turn(&plan, &rules, false, at(100 * S));
    plan_ended(&plan, &rules, PLAN_STATUS_UNBEGUN, at(101 * S)); /* the node has turned */
    assert_int_equal(plan.runs[PLAN_ACTIVATE].state, PLAN_FAILED);
}

static void who_asks_sees_how_the_last_attempt_ended_and_since_when(void **state)
{
    const struct plan_rules rules = {{true, true}, {3, 3}};
    struct plan plan = {0};
    const struct plan_run *run = &plan.runs[PLAN_ACTIVATE];
    const int64_t zero_s = at(0).wall_s;

    (void)state;
    plan_turn(&plan, &rules, true, at(1 * S));
    assert_int_equal(run->changed_s, zero_s + 1);
    plan_turn(&plan, &rules, true, at(2 * S));
    assert_int_equal(plan.since_s, zero_s + 1);
    plan_started(&plan, PLAN_ACTIVATE, at(2 * S));
    assert_int_equal(run->changed_s, zero_s + 2);
    plan_ended(&plan, &rules, PLAN_STATUS_TIMEOUT, at(3 * S));
    assert_int_equal(run->status, PLAN_STATUS_TIMEOUT);
    plan_started(&plan, PLAN_ACTIVATE, at(4 * S));
    assert_int_equal(run->status, PLAN_STATUS_TIMEOUT);
    plan_lost(&plan, &rules, at(5 * S));
    assert_int_equal(run->status, PLAN_STATUS_UNKNOWN);
    assert_int_equal(plan_wake_ns(&plan), 5 * S);
    plan_started(&plan, PLAN_ACTIVATE, at(6 * S));
    plan_ended(&plan, &rules, 0, at(7 * S));
    assert_int_equal(run->status, 0);
    assert_int_equal(run->changed_s, zero_s + 7);
    assert_int_equal(plan.since_s, zero_s + 1);
    plan_turn(&plan, &rules, false, at(8 * S));
    assert_int_equal(plan.since_s, zero_s + 8);
    assert_int_equal(run->changed_s, zero_s + 7);
}

static void a_new_run_has_no_end_yet(void **state)
{
    const struct plan_rules rules = {{true, true}, {0, 0}};
    struct plan plan = {0};

    (void)state;
    plan_turn(&plan, &rules, true, at(S));
    plan_started(&plan, PLAN_ACTIVATE, at(S));
    plan_ended(&plan, &rules, PLAN_STATUS_REFUSED, at(S));
    plan_turn(&plan, &rules, false, at(S));
    assert_int_equal(plan.runs[PLAN_ACTIVATE].status, PLAN_STATUS_REFUSED);
    plan_turn(&plan, &rules, true, at(S));
    assert_int_equal(plan.runs[PLAN_ACTIVATE].status, 0);
}

/* An end that nobody waits for, as of a run that was settled already. */
static void an_end_without_a_run_changes_nothing(void **state)
{
    const struct plan_rules rules = {{true, true}, {3, 3}};
    struct plan plan = {0};

    (void)state;
    plan_turn(&plan, &rules, true, at(S));
    const struct plan before = plan;
    plan_ended(&plan, &rules, 0, at(2 * S));
    plan_lost(&plan, &rules, at(2 * S));
    assert_int_equal(plan.runs[PLAN_ACTIVATE].state, PLAN_PENDING);
    assert_int_equal(plan.runs[PLAN_ACTIVATE].changed_s, before.runs[PLAN_ACTIVATE].changed_s);
    assert_int_equal(plan.last_number, 1);
}

/* The configuration has no command any more when the agent starts again. */
static void what_has_no_command_any_more_is_not_run(void **state)
{
    const struct plan_rules rules = {{true, true}, {9, 9}};
    const struct plan_rules none = {0};
    const struct {
        bool start, fail, lost;
        enum plan_state after;
    } rows[] = {
        {false, false, false, PLAN_NONE},  /* pending, never tried */
        {true, true, false, PLAN_FAILED},  /* pending, tried */
        {true, false, false, PLAN_FAILED}, /* running, then fails */
        {true, false, true, PLAN_FAILED},  /* running, then is lost */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum plan_event event = PLAN_EVENTS;
        struct plan plan = {0};

        plan_turn(&plan, &rules, true, at(S));
        if (rows[i].start)
            plan_started(&plan, PLAN_ACTIVATE, at(S));
        if (rows[i].fail)
            plan_ended(&plan, &rules, 1, at(S));
        bool running = plan_running(&plan) == PLAN_ACTIVATE;
        plan_resume(&plan, &none);
        assert_int_equal(plan_running(&plan) == PLAN_ACTIVATE, running);
        if (running && rows[i].lost)
            plan_lost(&plan, &none, at(S));
        else if (running)
            plan_ended(&plan, &none, 1, at(S));
        assert_int_equal(plan.runs[PLAN_ACTIVATE].state, rows[i].after);
        assert_false(plan_due(&plan, at(1000 * S), &event));
    }
}

static void what_waits_without_a_command_any_more_waits_no_more(void **state)
{
    const struct plan_rules rules = {{true, true}, {9, 9}};
    const struct plan_rules one = {{true, false}, {9, 9}};
    struct plan plan = {0};

    (void)state;
    plan_turn(&plan, &rules, true, at(S));
    plan_started(&plan, PLAN_ACTIVATE, at(S));
    plan_turn(&plan, &rules, false, at(S));
    plan_resume(&plan, &one);
    plan_ended(&plan, &one, 0, at(S));
    assert_int_equal(plan.runs[PLAN_ACTIVATE].state, PLAN_FINISHED);
    assert_int_equal(plan.runs[PLAN_RELEASE].state, PLAN_NONE);
    assert_int_equal(plan_wake_ns(&plan), -1);
}

/* Other commands while it runs: what waits goes on to wait as long, unless it has none any more. */
static void other_rules_leave_what_is_due_when_it_is(void **state)
{
    const struct plan_rules rules = {{true, true}, {9, 9}};
    const struct plan_rules other = {{true, false}, {0, 0}};
    const struct plan_rules none = {{false, true}, {9, 9}};
    enum plan_event event = PLAN_EVENTS;
    struct plan plan = {0};

    (void)state;
    assert_false(plan_adapt(&plan, &none));
    plan_turn(&plan, &rules, true, at(S));
    plan_started(&plan, PLAN_ACTIVATE, at(S));
    plan_ended(&plan, &rules, 1, at(S));
    assert_false(plan_adapt(&plan, &other));
    assert_int_equal(plan_wake_ns(&plan), 2 * S);
    plan_started(&plan, PLAN_ACTIVATE, at(2 * S));
    assert_false(plan_adapt(&plan, &none)); /* it runs */
    plan_turn(&plan, &rules, false, at(2 * S));
    assert_false(plan_adapt(&plan, &none)); /* the release waits, and has a command */
    assert_true(plan.waits[PLAN_RELEASE]);
    assert_true(plan_adapt(&plan, &other));
    assert_false(plan_adapt(&plan, &other));
    plan_ended(&plan, &other, 1, at(2 * S));
    assert_int_equal(plan.runs[PLAN_ACTIVATE].state, PLAN_FAILED);

    plan_turn(&plan, &rules, true, at(3 * S));
    assert_true(plan_adapt(&plan, &none));
    assert_int_equal(plan.runs[PLAN_ACTIVATE].state, PLAN_NONE);
    assert_false(plan_due(&plan, at(1000 * S), &event));
    assert_false(plan_adapt(&plan, &rules)); /* the turn is over */
    assert_false(plan_turn(&plan, &rules, true, at(4 * S)));
    assert_false(plan_due(&plan, at(1000 * S), &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_come_after_1_2_4_and_at_most_60_s),
        cmocka_unit_test(what_could_not_be_begun_uses_up_no_attempt),
        cmocka_unit_test(who_asks_sees_how_the_last_attempt_ended_and_since_when),
        cmocka_unit_test(a_new_run_has_no_end_yet),
        cmocka_unit_test(an_end_without_a_run_changes_nothing),
        cmocka_unit_test(what_has_no_command_any_more_is_not_run),
        cmocka_unit_test(what_waits_without_a_command_any_more_waits_no_more),
        cmocka_unit_test(other_rules_leave_what_is_due_when_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
