/*
 * The plan, as a table: what happens, one step after the other, and how both runs stand after it,
 * the activation's first. P is pending, R running, F finished, X failed, with "number.attempts";
 * "-" is none, and w: the event waits.
 */
#include "parachute/plan.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MAX 16

struct history {
    const char *about;
    struct plan_rules rules;
    struct {
        const char *what;
        const char *runs;
    } steps[STEPS_MAX];
};

static const struct history HISTORIES[] = {
    {"each turn has its run",
     {{true, true}, {1, 1}},
     {{"off", "- -"},
      {"on", "P1.0 -"},
      {"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"ok", "F1.1 -"},
      {"off", "F1.1 P2.0"},
      {"start", "F1.1 R2.1"},
      {"ok", "F1.1 F2.1"},
      {"on", "P3.0 -"}}},
    {"retried until it succeeds",
     {{true, true}, {3, 3}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"fail", "P1.1 -"},
      {"wait", "P1.1 -"},
      {"start", "R1.2 -"},
      {"fail", "P1.2 -"},
      {"wait", "P1.2 -"},
      {"start", "R1.3 -"},
      {"ok", "F1.3 -"}}},
    {"failed stays until the next activation",
     {{true, true}, {1, 0}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"fail", "P1.1 -"},
      {"wait", "P1.1 -"},
      {"start", "R1.2 -"},
      {"fail", "X1.2 -"},
      {"off", "X1.2 P2.0"},
      {"start", "X1.2 R2.1"},
      {"fail", "X1.2 X2.1"},
      {"on", "P3.0 -"}}},
    {"failed stays until a reset; what was tried is undone all the same",
     {{true, true}, {0, 0}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"fail", "X1.1 -"},
      {"reset", "- -"},
      {"off", "- P2.0"}}},
    {"a reset changes nothing but failures",
     {{true, true}, {1, 1}},
     {{"on", "P1.0 -"},
      {"reset", "P1.0 -"},
      {"start", "R1.1 -"},
      {"reset", "R1.1 -"},
      {"fail", "P1.1 -"},
      {"reset", "P1.1 -"},
      {"wait", "P1.1 -"},
      {"start", "R1.2 -"},
      {"ok", "F1.2 -"},
      {"reset", "F1.2 -"}}},
    {"an activation that never began has nothing to release",
     {{true, true}, {1, 1}},
     {{"on", "P1.0 -"}, {"off", "- -"}, {"on", "P2.0 -"}, {"off", "- -"}}},
    {"a release ends the retries of an activation",
     {{true, true}, {9, 9}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"fail", "P1.1 -"},
      {"off", "X1.1 P2.0"},
      {"start", "X1.1 R2.1"},
      {"ok", "X1.1 F2.1"}}},
    {"a release waits for a running activation",
     {{true, true}, {1, 1}},
     {{"on", "P1.0 -"}, {"start", "R1.1 -"}, {"off", "R1.1 -w"}, {"ok", "F1.1 P2.0"}}},
    {"and for the end of one that fails, which is not retried then",
     {{true, true}, {9, 9}},
     {{"on", "P1.0 -"}, {"start", "R1.1 -"}, {"off", "R1.1 -w"}, {"fail", "X1.1 P2.0"}}},
    {"a second activation waits for the first, in place of the release",
     {{true, true}, {9, 9}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"off", "R1.1 -w"},
      {"on", "R1.1w -"},
      {"ok", "P2.0 -"},
      {"start", "R2.1 -"},
      {"on", "R2.1 -"}}},
    {"a second activation that never began leaves the first to be released",
     {{true, true}, {1, 1}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"off", "R1.1 -w"},
      {"on", "R1.1w -"},
      {"off", "R1.1 -w"},
      {"ok", "F1.1 P2.0"}}},
    {"an activation replaces a release that is pending, but does not make up for it",
     {{true, true}, {1, 1}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"ok", "F1.1 -"},
      {"off", "F1.1 P2.0"},
      {"on", "P3.0 -"},
      {"off", "- P4.0"},
      {"start", "- R4.1"},
      {"fail", "- P4.1"},
      {"on", "P5.0 -"},
      {"off", "- P6.0"},
      {"start", "- R6.1"},
      {"ok", "- F6.1"},
      {"on", "P7.0 -"},
      {"off", "- -"}}},
    {"an activation waits for a running release",
     {{true, true}, {9, 9}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"ok", "F1.1 -"},
      {"off", "F1.1 P2.0"},
      {"start", "F1.1 R2.1"},
      {"on", "-w R2.1"},
      {"fail", "P3.0 X2.1"},
      {"start", "R3.1 X2.1"},
      {"ok", "F3.1 X2.1"},
      {"off", "F3.1 P4.0"}}},
    {"a running release does for an activation that never began, and is retried then",
     {{true, true}, {1, 1}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"ok", "F1.1 -"},
      {"off", "F1.1 P2.0"},
      {"start", "F1.1 R2.1"},
      {"on", "-w R2.1"},
      {"off", "- R2.1"},
      {"fail", "- P2.1"},
      {"wait", "- P2.1"},
      {"start", "- R2.2"},
      {"ok", "- F2.2"}}},
    {"no command for the activation: every release runs",
     {{false, true}, {0, 0}},
     {{"on", "- -"},
      {"off", "- P1.0"},
      {"on", "- -"},
      {"off", "- P2.0"},
      {"start", "- R2.1"},
      {"on", "- R2.1"},
      {"off", "- R2.1w"},
      {"ok", "- P3.0"}}},
    {"no command for the release: it cancels all the same",
     {{true, false}, {9, 9}},
     {{"on", "P1.0 -"},
      {"off", "- -"},
      {"on", "P2.0 -"},
      {"start", "R2.1 -"},
      {"fail", "P2.1 -"},
      {"off", "X2.1 -"},
      {"on", "P3.0 -"},
      {"start", "R3.1 -"},
      {"off", "R3.1 -"},
      {"fail", "X3.1 -"},
      {"on", "P4.0 -"},
      {"start", "R4.1 -"},
      {"off", "R4.1 -"},
      {"on", "R4.1w -"},
      {"ok", "P5.0 -"}}},
    {"lost, it runs again, without a retry left too",
     {{true, true}, {0, 0}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"restart", "R1.1 -"},
      {"lost", "P1.1 -"},
      {"start", "R1.2 -"},
      {"lost", "P1.2 -"},
      {"start", "R1.3 -"},
      {"fail", "X1.3 -"}}},
    {"lost when the node has turned back: the other's turn",
     {{true, true}, {9, 9}},
     {{"on", "P1.0 -"},
      {"start", "R1.1 -"},
      {"off", "R1.1 -w"},
      {"restart", "R1.1 -w"},
      {"lost", "X1.1 P2.0"},
      {"start", "X1.1 R2.1"},
      {"on", "-w R2.1"},
      {"lost", "P3.0 X2.1"},
      {"start", "R3.1 X2.1"},
      {"off", "R3.1 X2.1w"},
      {"on", "R3.1w -"},
      {"lost", "P4.0 -"}}},
    {"over a restart, what is pending is due, what is over stays over",
     {{true, true}, {9, 9}},
     {{"on", "P1.0 -"},
      {"restart", "P1.0 -"},
      {"start", "R1.1 -"},
      {"fail", "P1.1 -"},
      {"restart", "P1.1 -"},
      {"start", "R1.2 -"},
      {"ok", "F1.2 -"},
      {"restart", "F1.2 -"},
      {"on", "F1.2 -"},
      {"off", "F1.2 P2.0"}}},
};

static void describe(const struct plan *plan, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (enum plan_event event = 0; event < PLAN_EVENTS; event++) {
        const struct plan_run *run = &plan->runs[event];
        const char *wait = plan->waits[event] ? "w" : "";
        const char *space = event > 0 ? " " : "";

        if (run->state == PLAN_NONE)
            used += (size_t)snprintf(text + used, size - used, "%s-%s", space, wait);
        else
            used += (size_t)snprintf(text + used, size - used, "%s%c%" PRIu64 ".%u%s", space,
                                     "-PRFX"[run->state], run -> number, run -> attempts, wait);
        assert_true(used < size);
    }
}

static void take_step(struct plan *plan, const struct plan_rules *rules, const char *what,
                      struct plan_now *now)
{
    enum plan_event event = PLAN_EVENTS;
    bool on = strcmp(what, "on") == 0;

    if (on || strcmp(what, "off") == 0) {
        bool turns = plan->activated != on;

        assert_int_equal(plan_turn(plan, rules, on, *now), turns);
        assert_int_equal(plan->activated, on);
    } else if (strcmp(what, "start") == 0) {
        assert_true(plan_due(plan, *now, &event));
        assert_int_equal(plan->runs[event].state, PLAN_PENDING);
        plan_started(plan, event, *now);
        assert_int_equal(plan_running(plan), event);
    } else if (strcmp(what, "wait") == 0) {
        assert_false(plan_due(plan, *now, &event));
        now->mono_ns = plan_wake_ns(plan);
    } else if (strcmp(what, "restart") == 0) {
        now->mono_ns = 1;
        plan_resume(plan, rules);
    } else if (strcmp(what, "ok") == 0)
        plan_ended(plan, rules, 0, *now);
    else if (strcmp(what, "fail") == 0)
        plan_ended(plan, rules, 1, *now);
    else if (strcmp(what, "lost") == 0)
        plan_lost(plan, rules, *now);
    else if (strcmp(what, "reset") == 0)
        plan_reset(plan, *now);
    else
        fail_msg("no such step: %s", what);
}

static void a_history_of_turns_gives_these_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof HISTORIES / sizeof *HISTORIES; i++) {
        const struct history *history = &HISTORIES[i];
        struct plan plan = {0};
        struct plan_now now = {.mono_ns = 1, .wall_s = 1594380720};

        for (size_t k = 0; k < STEPS_MAX && history->steps[k].what; k++) {
            char runs[64];

            now.mono_ns++;
            now.wall_s++;
            take_step(&plan, &history->rules, history->steps[k].what, &now);
            describe(&plan, runs, sizeof runs);
            if (strcmp(runs, history->steps[k].runs) != 0)
                fail_msg("%s: step %zu, %s: \"%s\", expected \"%s\"", history->about, k + 1,
                         history->steps[k].what, runs, history->steps[k].runs);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_of_turns_gives_these_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
