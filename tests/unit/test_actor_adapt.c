/* Other options while commands run, wait, or have run; and what is remembered then. */
#include "tests/unit/turning.h"

#include "parachute/act/actor.h"

/* Gone with the disk that was full: the node is released in the next cycle, once. */
static void without_the_full_disk_it_is_released_once(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "ab", SAY(""), SAY(""));
    turning_judge(&turning, 90, 50);
    UNTIL(&turning, turning_activate_finished);
    turning_adapt(&turning, "b", SAY(""), SAY(""));
    assert_true(operate_plan(turning.acting.parachute)->activated);
    for (int i = 0; i < 3; i++) {
        turning_judge(&turning, 50, 0);
        UNTIL(&turning, turning_release_finished);
        turning_adapt(&turning, i ? "b" : "ba", SAY(""), SAY(""));
    }
    assert_string_equal(turning_said(&turning), "activate:a:a \nrelease:: \n");
    turning_start(&turning, "ab", SAY(""), SAY(""));
    assert_false(parachute_activated(turning.acting.parachute));
    assert_false(operate_plan(turning.acting.parachute)->activated);
    turning_end(&turning);
}

static void without_any_disk_it_is_released_at_once(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "ab", SAY(""), SAY(""));
    turning_judge(&turning, 90, 90);
    UNTIL(&turning, turning_activate_finished);
    turning_adapt(&turning, "", SAY(""), SAY("new"));
    UNTIL(&turning, turning_release_finished);
    assert_string_equal(turning_said(&turning), "activate:a:a b \nrelease:: new\n");
    turning_end(&turning);
}

/* As a threshold is moved past what is used. */
static void a_moved_threshold_turns_the_node(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "a", SAY(""), SAY(""));
    turning_judge(&turning, 50, 0);
    turning.threshold = 50;
    turning_adapt(&turning, "a", SAY(""), SAY(""));
    turning_judge(&turning, 50, 0);
    UNTIL(&turning, turning_activate_finished);
    turning.threshold = 60;
    turning_adapt(&turning, "a", SAY(""), SAY(""));
    turning_judge(&turning, 50, 0);
    UNTIL(&turning, turning_release_finished);
    assert_string_equal(turning_said(&turning), "activate:a:a \nrelease:a: \n");
    turning_end(&turning);
}

/* The file has the disks that are observed now. */
static void what_is_remembered_is_of_the_new_disks(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "ab", NULL, NULL);
    turning_judge(&turning, 90, 90);
    turning_adapt(&turning, "b", NULL, NULL);
    turning_judge(&turning, 90, 0);
    int64_t since_s = operate_disk(turning.acting.parachute, 0).since_s;
    turning_start(&turning, "ab", NULL, NULL);
    assert_false(operate_disk(turning.acting.parachute, 0).verdict->activated);
    assert_true(operate_disk(turning.acting.parachute, 1).verdict->activated);
    assert_int_equal(operate_disk(turning.acting.parachute, 1).since_s, since_s);
    assert_true(operate_plan(turning.acting.parachute)->activated);
    turning_end(&turning);
}

static bool running(struct acting *acting)
{
    return operate_pid(acting->parachute) > 0;
}

/* It goes on as it was begun; but what follows from its failure is the new options'. */
static void a_command_that_runs_goes_on(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "a", SAY("old") WAIT_AT_GATE SAY("fails") "exit 3", NULL);
    turning_judge(&turning, 90, 0);
    UNTIL(&turning, running);
    pid_t pid = operate_pid(turning.acting.parachute);
    turning.retries = 1;
    for (int i = 0; i < 3; i++)
        turning_adapt(&turning, "ab", i == 1 ? NULL : SAY("new"), NULL);
    assert_int_equal(operate_pid(turning.acting.parachute), pid);
    assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->state, PLAN_RUNNING);
    turning_open_gate(&turning);
    UNTIL(&turning, turning_activate_pending);
    assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->status, 3);
    turning_judge(&turning, 90, 0);
    UNTIL(&turning, turning_activate_finished);
    assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->attempts, 2);
    assert_string_equal(turning_said(&turning),
                        "activate:a:a old\nactivate:a:a fails\nactivate:a:a new\n");
    turning_end(&turning);
}

static bool failed(struct acting *acting)
{
    return operate_plan(acting->parachute)->runs[PLAN_ACTIVATE].state == PLAN_FAILED;
}

/* There is none any more that could be tried again. */
static void a_command_that_is_gone_is_not_tried_again(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "a", NULL, NULL);
    for (int waits = 0; waits < 2; waits++) {
        turning.retries = 9;
        turning_adapt(&turning, "a", waits ? "exit 1" : WAIT_AT_GATE "exit 1", SAY("after"));
        turning_judge(&turning, 90, 0);
        UNTIL(&turning, waits ? turning_activate_pending : running);
        turning_adapt(&turning, "a", NULL, SAY("after"));
        if (!waits)
            turning_open_gate(&turning);
        UNTIL(&turning, failed);
        turning_judge(&turning, 90, 0);
        assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->attempts, 1);
        turning_judge(&turning, 10, 0);
        UNTIL(&turning, turning_release_finished);
    }
    assert_string_equal(turning_said(&turning), "release:a: after\nrelease:a: after\n");
    turning_end(&turning);
}

/* Not before its time, and not before a cycle has looked with the new options. */
static void what_waits_to_be_tried_again_is_the_new_command(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "a", NULL, NULL);
    turning.retries = 1;
    turning_adapt(&turning, "a", "exit 1", NULL);
    turning_judge(&turning, 90, 0);
    UNTIL(&turning, turning_activate_pending);
    assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->attempts, 1);
    int64_t due_ns = turning_run(&turning, PLAN_ACTIVATE)->due_ns;
    assert_true(due_ns > 0);
    turning_adapt(&turning, "ba", SAY("new"), NULL);
    assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->due_ns, due_ns);
    turning_judge(&turning, 50, 90);
    UNTIL(&turning, turning_activate_finished);
    assert_true(clock_mono_ns() >= due_ns);
    assert_string_equal(turning_said(&turning), "activate:a:a new\n");
    turning_end(&turning);
}

static int rehearsed; /* with which status; -1: not yet */

static void on_line(void *arg, const char *text, size_t len)
{
    (void)arg;
    (void)text;
    (void)len;
}

static void on_ended(void *arg, int status, const char *why)
{
    (void)arg;
    (void)why;
    rehearsed = status;
}

static bool has_rehearsed(struct acting *acting)
{
    (void)acting;
    return rehearsed >= 0;
}

/* An operator's test is under way, so that what is due waits. The test goes on. */
static void what_was_not_begun_is_begun_as_the_new_options_have_it(void **state)
{
    static const char *const scripts[] = {NULL, SAY("new")};
    const struct attempt_rehearsal rehearsal = {.line = on_line, .ended = on_ended};
    char why[OPERATE_WHY_MAX];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct turning turning;

        rehearsed = -1;
        turning_begin(&turning, "a", SAY("old") WAIT_AT_GATE, NULL);
        assert_int_equal(
            operate_rehearse(turning.acting.parachute, 0, PLAN_ACTIVATE, &rehearsal, why), 0);
        UNTIL(&turning, running);
        turning_judge(&turning, 90, 0);
        assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->state, PLAN_PENDING);
        turning_adapt(&turning, "a", scripts[i], NULL);
        assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->state,
                         scripts[i] ? PLAN_PENDING : PLAN_NONE);
        turning_open_gate(&turning);
        UNTIL(&turning, has_rehearsed);
        assert_int_equal(rehearsed, 0);
        /* Nothing is begun before the next cycle. */
        assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->attempts, 0);
        assert_int_equal(operate_pid(turning.acting.parachute), 0);
        turning_judge(&turning, 90, 0);
        if (scripts[i])
            UNTIL(&turning, turning_activate_finished);
        assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->attempts, scripts[i] ? 1 : 0);
        assert_string_equal(turning_said(&turning), scripts[i]
                                                        ? "activate:a:a old\nactivate:a:a new\n"
                                                        : "activate:a:a old\n");
        turning_end(&turning);
    }
}

/* Whether the agent was started anew or not makes no difference. */
static void a_command_that_comes_after_the_activation_is_for_the_next_one(void **state)
{
    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        struct turning turning;

        turning_begin(&turning, "a", NULL, NULL);
        turning_judge(&turning, 90, 0);
        if (restart)
            turning_start(&turning, "a", SAY(""), SAY(""));
        else
            turning_adapt(&turning, "a", SAY(""), SAY(""));
        for (int i = 0; i < 2; i++) {
            turning_judge(&turning, 90, 0);
            assert_true(operate_plan(turning.acting.parachute)->activated);
            assert_int_equal(turning_run(&turning, PLAN_ACTIVATE)->state, PLAN_NONE);
            assert_int_equal(operate_plan(turning.acting.parachute)->last_number, 0);
        }
        turning_judge(&turning, 10, 0);
        UNTIL(&turning, turning_release_finished);
        turning_judge(&turning, 90, 0);
        UNTIL(&turning, turning_activate_finished);
        assert_string_equal(turning_said(&turning), "release:a: \nactivate:a:a \n");
        turning_end(&turning);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_full_disk_it_is_released_once),
        cmocka_unit_test(without_any_disk_it_is_released_at_once),
        cmocka_unit_test(a_moved_threshold_turns_the_node),
        cmocka_unit_test(what_is_remembered_is_of_the_new_disks),
        cmocka_unit_test(a_command_that_runs_goes_on),
        cmocka_unit_test(a_command_that_is_gone_is_not_tried_again),
        cmocka_unit_test(what_waits_to_be_tried_again_is_the_new_command),
        cmocka_unit_test(what_was_not_begun_is_begun_as_the_new_options_have_it),
        cmocka_unit_test(a_command_that_comes_after_the_activation_is_for_the_next_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
