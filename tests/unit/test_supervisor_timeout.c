/* Commands that do not end in time. */
#include "base/clock.h"
#include "tests/unit/act/talk.h"

/* Time for a shell to set its traps, also on a busy machine. */
#define TIMEOUT_MS 1000

/* From its second word on the output is the numbers of processes, none of which is left. */
static void check_gone(const struct talk *talk)
{
    const char *at = strchr(talk->text, '\n');

    assert_non_null(at);
    for (char *end = NULL;; at = end) {
        int pid = (int)strtol(at, &end, 10);

        if (end == at)
            break;
        assert_int_equal(process_of(pid).pid, 0);
    }
}

static struct talk *begin_deaf(void)
{
    const char *body = "trap '' TERM; (sleep 1000; echo no) & sleep 1000 & echo deaf; echo $! $$\n"
                       "while :; do wait; done";

    return begin_and_go(ORDER(TIMEOUT_MS, script("deaf", body)));
}

/* The one that was asked obeys, its child does not. */
static struct talk *begin_half_deaf(void)
{
    const char *body = "sh -c 'trap \"\" TERM; echo half; sleep 1000' & echo $!; sleep 1000";

    return begin_and_go(ORDER(TIMEOUT_MS, script("half", body)));
}

static struct talk *begin_obedient(void)
{
    const char *body = "trap 'echo bye; exit 0' TERM; echo begun; sleep 1000 & wait";

    return begin_and_go(ORDER(TIMEOUT_MS, script("obedient", body)));
}

static void check_obedient(struct talk *talk, int64_t begin_ns)
{
    check_end(talk, PLAN_STATUS_TIMEOUT, "");
    assert_string_equal(talk->text, "begun\nbye\n");
    assert_false(process_group_lives(talk->command.pid));
    assert_true(clock_mono_ns() - begin_ns >= TIMEOUT_MS * CLOCK_NS_PER_MS);
    assert_true(clock_mono_ns() - begin_ns < SUPERVISOR_KILL_AFTER_MS * CLOCK_NS_PER_MS);
    wait_for_supervisor(talk);
}

/* Side by side, since each takes seconds. */
static void who_ignores_term_is_killed_with_all_children(void **state)
{
    int64_t begin_ns = clock_mono_ns();
    struct talk *deaf = begin_deaf();
    struct talk *half = begin_half_deaf();
    struct talk *obedient = begin_obedient();

    (void)state;
    check_obedient(obedient, begin_ns);
    check_end(deaf, PLAN_STATUS_TIMEOUT, "");
    check_gone(deaf);
    check_end(half, PLAN_STATUS_TIMEOUT, "");
    assert_non_null(strstr(half->text, "half\n"));
    assert_int_equal(process_of(half->command.pid).pid, 0);
    assert_false(process_group_lives(half->command.pid));
    assert_true(clock_mono_ns() - begin_ns >=
                (TIMEOUT_MS + SUPERVISOR_KILL_AFTER_MS) * CLOCK_NS_PER_MS);
    wait_for_supervisor(deaf);
    wait_for_supervisor(half);
}

static void one_that_is_stopped_can_obey(void **state)
{
    int64_t begin_ns = clock_mono_ns();

    (void)state;
    check_run(ORDER(100, script("run", "kill -STOP $$")), PLAN_STATUS_TIMEOUT, "", "");
    assert_true(clock_mono_ns() - begin_ns < SUPERVISOR_KILL_AFTER_MS * CLOCK_NS_PER_MS);
}

static void a_flood_does_not_hide_the_timeout(void **state)
{
    struct talk *talk = begin_and_go(ORDER(100, "/usr/bin/yes"));

    (void)state;
    check_end(talk, PLAN_STATUS_TIMEOUT, "");
    assert_int_equal(talk->lines, SUPERVISOR_LINES_MAX);
    wait_for_supervisor(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_ignores_term_is_killed_with_all_children),
        TEST(one_that_is_stopped_can_obey),
        TEST(a_flood_does_not_hide_the_timeout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
