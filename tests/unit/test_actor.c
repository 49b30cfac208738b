/* The parachute acts: from a reading to a command, in one process, over many activations. */
#include "parachute/act/actor.h"
#include "tests/unit/acting.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY_DEFAULT 400 /* ALTIMETER_ACTIVATIONS says another number */

static char *true_argv[] = {"/bin/true", NULL};
static char *false_argv[] = {"/bin/false", NULL};

static bool finished(struct acting *acting, enum plan_event event)
{
    return operate_plan(acting->parachute)->runs[event].state == PLAN_FINISHED;
}

static bool activate_finished(struct acting *acting)
{
    return finished(acting, PLAN_ACTIVATE);
}

static bool release_finished(struct acting *acting)
{
    return finished(acting, PLAN_RELEASE);
}

static bool activate_failed(struct acting *acting)
{
    return operate_plan(acting->parachute)->runs[PLAN_ACTIVATE].state == PLAN_FAILED;
}

static unsigned many(void)
{
    const char *given = getenv("ALTIMETER_ACTIVATIONS");

    return given ? (unsigned)strtoul(given, NULL, 10) : MANY_DEFAULT;
}

static void thread_count_is_one(void)
{
    DIR *dir = opendir("/proc/self/task");
    unsigned count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    assert_int_equal(count, 3); /* ".", "..", and it */
}

/* Children that wait to be reaped, or go on. The three clerks and supervisors come and go. */
static unsigned children(void)
{
    char path[64];
    char line[4096] = "";
    unsigned count = 0;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof line, file))
        for (const char *p = line; *p; p++)
            count += *p == ' ';
    if (file)
        fclose(file);
    return count;
}

static unsigned before_descriptors;
static unsigned before_children;

/* The last supervisors may still be writing down how their commands ended. */
static bool all_is_as_it_was(struct acting *acting)
{
    (void)acting;
    return acting_descriptors() <= before_descriptors && children() <= before_children;
}

static void many_activations_leave_nothing_behind(void **state)
{
    struct acting acting;

    (void)state;
    assert_true(acting_make(&acting));
    acting.options.commands[PLAN_ACTIVATE] =
        (struct order_command){.argv = true_argv, .timeout_ms = 60000};
    acting.options.commands[PLAN_RELEASE] = acting.options.commands[PLAN_ACTIVATE];
    assert_true(acting_start(&acting));
    before_descriptors = acting_descriptors();
    before_children = children();
    for (unsigned i = 0; i < many(); i++) {
        acting_judge(&acting, 90);
        assert_true(acting_until(&acting, activate_finished));
        acting_judge(&acting, 10);
        assert_true(acting_until(&acting, release_finished));
        assert_int_equal(operate_plan(acting.parachute)->last_number, 2 * (i + 1));
    }
    assert_true(acting_until(&acting, all_is_as_it_was));
    thread_count_is_one();
    acting_clean(&acting);
}

static void what_was_done_is_remembered(void **state)
{
    struct acting acting;

    (void)state;
    assert_true(acting_make(&acting));
    acting.options.commands[PLAN_ACTIVATE] =
        (struct order_command){.argv = true_argv, .timeout_ms = 60000};
    assert_true(acting_start(&acting));
    acting_judge(&acting, 90);
    assert_true(acting_until(&acting, activate_finished));
    int64_t since_s = operate_plan(acting.parachute)->since_s;
    acting_stop(&acting);

    assert_true(acting_start(&acting));
    const struct plan *plan = operate_plan(acting.parachute);
    assert_true(parachute_activated(acting.parachute));
    assert_int_equal(plan->since_s, since_s);
    assert_int_equal(plan->runs[PLAN_ACTIVATE].state, PLAN_FINISHED);
    acting_judge(&acting, 90);
    assert_int_equal(plan->last_number, 1);
    assert_int_equal(plan->runs[PLAN_ACTIVATE].state, PLAN_FINISHED);
    acting_clean(&acting);
}

static void a_command_that_fails_is_failed(void **state)
{
    struct acting acting;

    (void)state;
    assert_true(acting_make(&acting));
    acting.options.commands[PLAN_ACTIVATE] =
        (struct order_command){.argv = false_argv, .timeout_ms = 60000};
    assert_true(acting_start(&acting));
    acting_judge(&acting, 90);
    assert_true(acting_until(&acting, activate_failed));
    assert_int_equal(operate_plan(acting.parachute)->runs[PLAN_ACTIVATE].status, 1);
    acting_judge(&acting, 10);
    assert_int_equal(operate_plan(acting.parachute)->runs[PLAN_ACTIVATE].state, PLAN_FAILED);
    acting_judge(&acting, 90);
    assert_int_equal(operate_plan(acting.parachute)->runs[PLAN_ACTIVATE].number, 2);
    assert_true(acting_until(&acting, activate_failed));
    acting_clean(&acting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_activations_leave_nothing_behind),
        cmocka_unit_test(what_was_done_is_remembered),
        cmocka_unit_test(a_command_that_fails_is_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
