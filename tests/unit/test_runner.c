/* The agent's side of running commands. */
#include "tests/unit/act/ends.h"
#include "tests/unit/act/runs.h"
#include "tests/unit/heard.h"

static void a_run_is_told_and_logged(void **state)
{
    char log[4096];
    char expected[600];

    (void)state;
    open_runner();
    hear_log();
    start(ORDER(0, script("run", "echo one; echo two >&2; exit 3"), "a b"), "activate");
    turn_until_ended(1);
    heard_log(log);
    assert_int_equal(told.started, 1);
    assert_string_equal(told.text, "one\ntwo\n");
    assert_int_equal(told.status, 3);
    assert_string_equal(told.why, "");
    snprintf(expected, sizeof expected,
             "parachute: activate: running %s/run a b (pid %d)\n"
             "warning: parachute: activate: one\nwarning: parachute: activate: two\n"
             "warning: parachute: activate: ended with status 3 after ",
             directory, told.command.pid);
    assert_int_equal(strncmp(log, expected, strlen(expected)), 0);
    close_runner();
}

struct log_case {
    const char *body;
    unsigned timeout_ms;
    const char *log;
};

static void the_log_says_how_it_ended(void **state)
{
    static const struct log_case cases[] = {
        {"exit 0", 0, "parachute: x: succeeded after 0."},
        {"kill -9 $$", 0, "warning: parachute: x: ended by signal 9 after 0."},
        {"sleep 1000", 100, "warning: parachute: x: did not end within 0.1 s, ended by force\n"},
        {"seq 1 205", 0, "; not shown of its output: 5 lines, 15 bytes\n"},
        {"chmod a+w $0", 0, "succeeded"},
    };
    char log[16384];
    int before = dup(STDERR_FILENO);

    (void)state;
    open_runner();
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int file = open(path_of("log"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        told.text[0] = '\0';
        dup2(file, STDERR_FILENO);
        start(ORDER(cases[i].timeout_ms, script("run", cases[i].body)), "x");
        turn_until_ended(i + 1);
        dup2(before, STDERR_FILENO);
        ssize_t len = pread(file, log, sizeof log - 1, 0);
        close(file);
        log[len > 0 ? len : 0] = '\0';
        if (!strstr(log, cases[i].log))
            print_message("%s\n", log);
        assert_non_null(strstr(log, cases[i].log));
    }
    close(before);
    close_runner();
}

static void what_cannot_be_run_ends_with_the_reason(void **state)
{
    char many[600];
    char log[4096];

    (void)state;
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    open_runner();
    hear_log();
    start(ORDER(0, path_of("none"), many), "x");
    turn_until_ended(1);
    heard_log(log);
    assert_non_null(strstr(log, "xxx... (pid "));
    assert_non_null(strstr(log, "warning: parachute: x: could not be run: /"));
    assert_int_equal(told.status, PLAN_STATUS_REFUSED);
    assert_non_null(strstr(told.why, "none is not there"));
    close_runner();
}

static void one_at_a_time(void **state)
{
    char log[4096];

    (void)state;
    open_runner();
    told.hold = true;
    start(ORDER(0, "/bin/true"), "x");
    struct order *order = ORDER(0, "/bin/true");
    const struct supervisor_work work = {.order = order};
    assert_int_equal(runner_start(runner, &work, "y"), -1);
    assert_int_equal(errno, EBUSY);
    free(order);
    while (told.started == 0)
        turn();
    assert_int_equal(process_of(told.command.pid).start, told.command.start);
    assert_int_equal(process_of(told.supervisor.pid).start, told.supervisor.start);
    assert_int_equal(getsid(told.supervisor.pid), told.supervisor.pid);
    hear_log();
    runner_go(runner);
    runner_go(runner);
    turn_until_ended(1);
    heard_log(log);
    const char *running = strstr(log, "running");
    assert_non_null(running);
    assert_null(strstr(running + 1, "running"));
    assert_int_equal(told.status, 0);
    close_runner();
}

/* As when the agent stops. The supervisor ends after it, or is just reaped by it. */
static void leave_at_work(bool at_gate)
{
    struct order *order = ORDER(0, script("run", "echo x; read x < $1; touch $2; exit 6"),
                                path_of("fifo"), path_of("ran"));
    const struct supervisor_work work = {
        .order = order, .state_dir = directory, .number = 5, .attempt = 1};

    make_state();
    mkfifo(path_of("fifo"), 0600);
    open_runner();
    told.hold = at_gate;
    assert_int_equal(runner_start(runner, &work, "x"), 0);
    free(order);
    while (at_gate ? told.started == 0 : told.text[0] == '\0')
        turn();
    struct pollfd gone = {.fd = process_open(&told.supervisor), .events = POLLIN};
    assert_true(gone.fd >= 0);
    runner_free(runner);
    waits_free(waits);
    if (!at_gate)
        release("fifo");
    assert_int_equal(poll(&gone, 1, -1), 1);
    close(gone.fd);
    waitpid(told.supervisor.pid, NULL, 0);
    assert_int_equal(told.ended, 0);
}

static void a_command_under_way_goes_on_without_the_runner(void **state)
{
    struct record_end end;

    (void)state;
    leave_at_work(true);
    assert_false(exists("ran"));
    assert_int_equal(read_end(&end), -1);
    leave_at_work(false);
    assert_true(exists("ran"));
    check_state(5, 1, 6);
}

static void start_again(void)
{
    if (told.ended < 300)
        told.then = start_again;
    told.text[0] = '\0';
    start(ORDER(60000, "/bin/echo", "again"), "x");
}

static void many_runs_leave_nothing_behind(void **state)
{
    char log[4096];

    (void)state;
    open_runner();
    int before = open_descriptors();
    told.then = start_again;
    hear_log();
    start(ORDER(60000, "/bin/echo", "again"), "x");
    turn_until_ended(301);
    heard_log(log);
    assert_int_equal(told.started, 301);
    assert_string_equal(told.text, "again\n");
    while (!childless())
        turn();
    assert_int_equal(open_descriptors(), before);
    close_runner();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_told_and_logged),
        TEST(what_cannot_be_run_ends_with_the_reason),
        TEST(one_at_a_time),
        TEST(a_command_under_way_goes_on_without_the_runner),
        TEST(many_runs_leave_nothing_behind),
        TEST(the_log_says_how_it_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
