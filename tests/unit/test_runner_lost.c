/* Runs whose supervisor is killed before the command. */
#include "base/clock.h"
#include "tests/unit/act/runs.h"
#include "tests/unit/heard.h"

#include <sys/resource.h>

static rlim_t limit_descriptors(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

/* Started, and printing; then without its supervisor, which the runner has seen. */
static void start_and_kill(struct order *order)
{
    start(order, "x");
    while (told.text[0] == '\0')
        turn();
    assert_int_equal(kill(told.supervisor.pid, SIGKILL), 0);
    while (!childless())
        turn();
}

static void check_lost(void)
{
    turn_until_ended(1);
    assert_true(process_gone(&told.command));
    assert_int_equal(told.status, PLAN_STATUS_UNKNOWN);
    assert_string_equal(told.why, "its supervisor was killed");
}

static void its_command_is_waited_for(void **state)
{
    char log[4096];
    char expected[200];

    (void)state;
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    open_runner();
    int before = open_descriptors();
    hear_log();
    start_and_kill(ORDER(0, script("run", "echo begun; read x < $1; exit 0"), path_of("fifo")));
    heard_log(log);
    snprintf(expected, sizeof expected,
             "x: its supervisor was killed; the command (pid %d) is waited for, but ",
             told.command.pid);
    assert_non_null(strstr(log, expected)); /* at once */
    for (unsigned i = 0; i < 3; i++)
        turn();
    assert_false(process_gone(&told.command));
    assert_int_equal(told.ended, 0);
    assert_true(runner_busy(runner));
    release("fifo");
    check_lost();
    assert_int_equal(open_descriptors(), before);
    start(ORDER(0, "/bin/true"), "y"); /* nothing of it is left in the way */
    turn_until_ended(2);
    assert_int_equal(told.status, 0);
    close_runner();
}

/* Though the agent has no descriptor to look at it with. */
static void without_descriptors_it_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    open_runner();
    start(ORDER(1000, script("run", "echo begun; read x < $1; exit 0"), path_of("fifo")), "x");
    while (told.text[0] == '\0')
        turn();
    rlim_t before = limit_descriptors(3);
    assert_int_equal(kill(told.supervisor.pid, SIGKILL), 0);
    while (!childless())
        turn();
    for (unsigned i = 0; i < 3; i++)
        turn();
    limit_descriptors(before);
    assert_int_equal(told.ended, 0);
    assert_false(process_gone(&told.command));
    release("fifo");
    check_lost();
    close_runner();
}

/* What had passed before counts. */
static void its_timeout_is_kept(void **state)
{
    int64_t begin_ns = clock_mono_ns();
    char log[4096];

    (void)state;
    open_runner();
    hear_log();
    start_and_kill(ORDER(6000, script("run", "sleep 5; echo begun; exec sleep 1000")));
    check_lost();
    heard_log(log);
    assert_true(clock_mono_ns() - begin_ns >= 6000 * CLOCK_NS_PER_MS);
    assert_true(clock_mono_ns() - begin_ns < 10900 * CLOCK_NS_PER_MS);
    assert_non_null(strstr(log, "is waited for, within its timeout, but "));
    assert_non_null(strstr(log, "did not end in time, it is ended by force\n"));
    close_runner();
}

/* Stopped, it could not keep it; then it is killed. */
static void a_timeout_that_is_over_is_kept_too(void **state)
{
    (void)state;
    open_runner();
    start(ORDER(700, script("run", "echo begun; exec sleep 1000")), "x");
    while (told.text[0] == '\0')
        turn();
    kill(told.supervisor.pid, SIGSTOP);
    poll(NULL, 0, 800);
    kill(told.supervisor.pid, SIGKILL);
    check_lost();
    close_runner();
}

static void a_command_that_is_gone_too_is_not_waited_for(void **state)
{
    char log[4096];

    (void)state;
    open_runner();
    hear_log();
    start(ORDER(0, script("run", "echo begun; exec sleep 1000")), "x");
    while (told.text[0] == '\0')
        turn();
    kill(told.supervisor.pid, SIGSTOP);
    kill(told.command.pid, SIGKILL);
    while (!process_gone(&told.command))
        ;
    kill(told.supervisor.pid, SIGKILL);
    check_lost();
    heard_log(log);
    assert_null(strstr(log, "waited for"));
    assert_non_null(strstr(log, "x: nobody saw how it ended: its supervisor was killed\n"));
    close_runner();
}

static void an_agent_that_ends_leaves_it_alone(void **state)
{
    (void)state;
    open_runner();
    start_and_kill(ORDER(0, script("run", "echo begun; exec sleep 1000")));
    runner_free(runner);
    struct pollfd ready = {.fd = waits_fd(waits), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 200), 0);
    waits_free(waits);
    assert_int_equal(told.ended, 0);
    assert_false(process_gone(&told.command));
    kill(told.command.pid, SIGKILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_command_is_waited_for),
        TEST(without_descriptors_it_is_waited_for),
        TEST(its_timeout_is_kept),
        TEST(a_timeout_that_is_over_is_kept_too),
        TEST(a_command_that_is_gone_too_is_not_waited_for),
        TEST(an_agent_that_ends_leaves_it_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
