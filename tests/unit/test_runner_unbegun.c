/* Runs that do not come through the gate. */
#include "tests/unit/act/ends.h"
#include "tests/unit/act/runs.h"
#include "tests/unit/heard.h"

#include <sys/resource.h>

static void check_unbegun(const char *why)
{
    char log[4096];
    char expected[400];

    hear_log();
    turn_until_ended(1);
    heard_log(log);
    assert_int_equal(told.status, PLAN_STATUS_UNBEGUN);
    assert_non_null(strstr(told.why, why));
    snprintf(expected, sizeof expected,
             "warning: parachute: x: could not be begun: %s; it is tried again\n", told.why);
    assert_string_equal(log, expected);
    assert_false(runner_busy(runner));
}

/* Up to the gate; a descriptor of the command that waits there. */
static int start_to_gate(void)
{
    told.hold = true;
    start(ORDER(0, "/bin/touch", path_of("ran")), "x");
    while (told.started == 0)
        turn();
    int fd = process_open(&told.command);
    assert_true(fd >= 0);
    return fd;
}

static void check_never_ran(int fd)
{
    struct pollfd gone = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&gone, 1, -1), 1);
    close(fd);
    assert_false(exists("ran"));
}

static void killed_at_the_gate_nothing_runs(void **state)
{
    (void)state;
    open_runner();
    int fd = start_to_gate();
    assert_int_equal(kill(told.supervisor.pid, SIGKILL), 0);
    check_unbegun("its supervisor was killed");
    check_never_ran(fd);
    close_runner();
}

/* The supervisor has room for its pipes, and for nothing else. */
static void without_a_process_nothing_is_written_down(void **state)
{
    struct order *order = ORDER(0, "/bin/touch", path_of("ran"));
    const struct supervisor_work work = {
        .order = order, .state_dir = directory, .number = 5, .attempt = 1};
    struct record_end end;

    (void)state;
    make_state();
    open_runner();
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){7, limit.rlim_max}), 0);
    assert_int_equal(runner_start(runner, &work, "x"), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    free(order);
    check_unbegun("no process could be started: Too many open files");
    assert_int_equal(told.started, 0);
    close_runner();
    assert_false(exists("ran"));
    assert_int_equal(read_end(&end), -1);
}

static void one_that_does_not_begin_is_given_up(void **state)
{
    (void)state;
    open_runner();
    runner_abort(runner); /* there is none */
    start(ORDER(0, "/bin/touch", path_of("ran")), "x");
    poll(&(struct pollfd){.fd = waits_fd(waits), .events = POLLIN}, 1, -1);
    runner_abort(runner); /* what it said before is not heard any more */
    runner_abort(runner);
    runner_go(runner);
    assert_int_equal(told.ended, 0);
    assert_true(runner_busy(runner));
    check_unbegun("it did not begin in time");
    assert_int_equal(told.started, 0);
    while (!childless())
        turn();
    assert_int_equal(told.ended, 1);
    assert_false(exists("ran"));
    close_runner();
}

static void one_that_stands_still_at_the_gate_is_given_up(void **state)
{
    (void)state;
    open_runner();
    int before = open_descriptors();
    int fd = start_to_gate();
    kill(told.supervisor.pid, SIGSTOP);
    runner_abort(runner);
    runner_go(runner);
    check_unbegun("it did not begin in time");
    check_never_ran(fd);
    while (!childless())
        turn();
    assert_int_equal(open_descriptors(), before);

    told.abort = true; /* from within, when it has come there */
    start(ORDER(0, "/bin/touch", path_of("ran")), "x");
    turn_until_ended(2);
    assert_int_equal(told.status, PLAN_STATUS_UNBEGUN);
    assert_false(exists("ran"));
    start(ORDER(0, "/bin/touch", path_of("ran")), "x");
    runner_abort(runner);
    runner_free(runner); /* before it is told */
    waits_dispatch(waits);
    waits_free(waits);
    assert_int_equal(told.ended, 2);
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

static void one_that_runs_is_not_given_up(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    open_runner();
    start(ORDER(0, script("run", "echo begun; read x < $1; exit 3"), path_of("fifo")), "x");
    while (told.text[0] == '\0')
        turn();
    runner_abort(runner);
    release("fifo");
    turn_until_ended(1);
    assert_int_equal(told.status, 3);
    close_runner();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(killed_at_the_gate_nothing_runs),
        TEST(without_a_process_nothing_is_written_down),
        TEST(one_that_does_not_begin_is_given_up),
        TEST(one_that_stands_still_at_the_gate_is_given_up),
        TEST(one_that_runs_is_not_given_up),
    };

    close_range(3, ~0U, 0); /* so that it is known how many there are */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
