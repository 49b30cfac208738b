/* What an operator is told would be run, and has run. */
#include "tests/unit/fakeactor.h"

#include "base/log.h"

static char *const argv[] = {"/bin/stop", "now", NULL};

static const char *variable(const struct order *order, const char *name)
{
    for (char *const *one = order->envp; *one; one++)
        if (strncmp(*one, name, strlen(name)) == 0 && (*one)[strlen(name)] == '=')
            return *one + strlen(name) + 1;
    return "(none)";
}

static void the_order_is_as_if_the_disk_turned_the_node(void **state)
{
    struct fake_parachute on;

    (void)state;
    fake_init(&on);
    on.options.commands[PLAN_ACTIVATE] = (struct order_command){.argv = argv};
    fake_start(&on);
    fake_look(&on, 50, 41, 90);
    struct order *order = operate_order(on.parachute, 1, PLAN_ACTIVATE);
    assert_non_null(order);
    assert_string_equal(order->argv[1], "now");
    assert_string_equal(variable(order, "PARACHUTE_EVENT"), "activate");
    assert_string_equal(variable(order, "PARACHUTE_DISKS"), "b c");
    assert_string_equal(variable(order, "PARACHUTE_DISK"), "b");
    assert_string_equal(variable(order, "PARACHUTE_MOUNT"), "/mnt/b");
    assert_string_equal(variable(order, "PARACHUTE_PERCENT"), "41");
    assert_string_equal(variable(order, "PARACHUTE_THRESHOLD"), "80");
    free(order);
    assert_null(operate_order(on.parachute, 1, PLAN_RELEASE));
    fake_end(&on);

    fake_init(&on);
    on.options.commands[PLAN_RELEASE] = (struct order_command){.argv = argv};
    fake_start(&on);
    fake_look(&on, 50, 41, 90);
    order = operate_order(on.parachute, 2, PLAN_RELEASE);
    assert_non_null(order);
    assert_string_equal(variable(order, "PARACHUTE_EVENT"), "release");
    assert_string_equal(variable(order, "PARACHUTE_DISKS"), "");
    assert_string_equal(variable(order, "PARACHUTE_DISK"), "c");
    free(order);
    fake_end(&on);
}

static void a_rehearsal_runs_that_order_or_says_why_not(void **state)
{
    struct fake_parachute on;
    const struct attempt_rehearsal rehearsal = {.arg = &on};
    char why[OPERATE_WHY_MAX] = "";

    (void)state;
    fake_init(&on);
    on.options.commands[PLAN_ACTIVATE] = (struct order_command){.argv = argv};
    fake_start(&on);
    fake_look(&on, 90, 41, 50);
    assert_int_equal(operate_rehearse(on.parachute, 1, PLAN_ACTIVATE, &rehearsal, why), 0);
    assert_string_equal(fake.rehearsed_disks, "a b");
    assert_string_equal(fake.rehearsed.name, "b");
    assert_ptr_equal(fake.rehearsal.arg, &on);
    operate_forget(on.parachute, &on);
    assert_ptr_equal(fake.forgotten, &on);
    fake.refuses = "a command is under way";
    assert_int_equal(operate_rehearse(on.parachute, 1, PLAN_ACTIVATE, &rehearsal, why), -1);
    assert_string_equal(why, "a command is under way");
    fake_end(&on);
}

/* As --once has it. */
static void one_that_only_judges_has_nothing_to_run(void **state)
{
    struct fake_parachute on;
    const struct attempt_rehearsal rehearsal = {.arg = &on};
    char why[OPERATE_WHY_MAX] = "";

    (void)state;
    fake_init(&on);
    on.options.acts = false;
    on.options.commands[PLAN_ACTIVATE] = (struct order_command){.argv = argv};
    on.parachute = parachute_new(&on.options, on.series);
    assert_non_null(on.parachute);
    fake_look(&on, 90, 50, 50);
    assert_null(operate_plan(on.parachute));
    assert_int_equal(operate_pid(on.parachute), 0);
    assert_null(operate_order(on.parachute, 0, PLAN_ACTIVATE));
    assert_int_equal(operate_rehearse(on.parachute, 0, PLAN_ACTIVATE, &rehearsal, why), -1);
    assert_string_equal(why, "this agent runs no commands");
    operate_forget(on.parachute, &on);
    assert_int_equal(operate_reset(on.parachute, 0, true, why), 0);
    assert_false(parachute_activated(on.parachute));
    fake_end(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_is_as_if_the_disk_turned_the_node),
        cmocka_unit_test(a_rehearsal_runs_that_order_or_says_why_not),
        cmocka_unit_test(one_that_only_judges_has_nothing_to_run),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
