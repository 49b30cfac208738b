/* A supervisor whose agent goes, or stands still, or is flooded. */
#include "tests/unit/act/ends.h"
#include "tests/unit/act/talk.h"

#include <sys/resource.h>

static struct talk *begin_stored(struct order *order, uint64_t number, unsigned attempt)
{
    struct supervisor_work work = {
        .order = order,
        .state_dir = directory,
        .number = number,
        .attempt = attempt,
    };
    make_state();
    struct talk *talk = begin(&work);

    free(order);
    return talk;
}

static void an_agent_that_goes_before_the_gate_takes_the_command_along(void **state)
{
    struct record_end end;

    (void)state;
    struct talk *talk = begin_stored(ORDER(0, "/bin/touch", path_of("ran")), 7, 1);
    struct process command = talk->command;
    assert_int_equal(process_of(command.pid).start, command.start);
    hang_up(talk);
    wait_for_supervisor(talk);
    assert_int_equal(process_of(command.pid).pid, 0);
    assert_false(exists("ran"));
    assert_int_equal(read_end(&end), -1);
}

static void without_an_agent_the_command_goes_on_and_its_end_is_written(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    struct talk *talk = begin_stored(
        ORDER(0, script("run", "echo begun; read x < $1; echo more; exit 4"), path_of("fifo")), 8,
        2);
    helper_wake(&talk->helper);
    assert_true(hear_line(talk));
    hang_up(talk);
    release("fifo");
    wait_for_supervisor(talk);
    check_state(8, 2, 4);
}

static int64_t cpu_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000) +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* A socket whose other end is closed is ready for ever. */
static void without_an_agent_it_waits_quietly(void **state)
{
    struct talk *talk = begin_and_go(ORDER(0, script("run", "echo begun; sleep 0.4")));
    int64_t before_ms = cpu_ms();

    (void)state;
    assert_true(hear_line(talk));
    hang_up(talk);
    wait_for_supervisor(talk);
    assert_in_range(cpu_ms() - before_ms, 0, 150);
}

static void the_end_is_told_and_written(void **state)
{
    (void)state;
    struct talk *talk = begin_stored(ORDER(0, "/bin/false"), 9, 3);
    helper_wake(&talk->helper);
    check_end(talk, 1, "");
    assert_false(hear(talk)); /* nothing comes behind it */
    pid_t supervisor = talk->helper.pid;
    wait_for_supervisor(talk);
    check_state(9, 3, 1);
    struct record_end end;
    assert_int_equal(read_end(&end), 0);
    assert_int_equal(end.supervisor.pid, supervisor);
    struct process self = process_of(getpid());
    assert_true(end.supervisor.start >= self.start);
    assert_int_equal(end.supervisor.boot, self.boot);

    talk = begin_stored(ORDER(0, path_of("none")), 10, 1);
    helper_wake(&talk->helper);
    check_end(talk, PLAN_STATUS_REFUSED, "not there");
    wait_for_supervisor(talk);
    check_state(10, 1, PLAN_STATUS_REFUSED);
}

static void an_agent_that_does_not_read_holds_nothing_up_and_loses_nothing(void **state)
{
    const char *many = "for i in $(seq 250); do printf '%0899d\\n' $i; done; exit 5";
    char last[16];

    (void)state;
    struct talk *talk = begin_stored(ORDER(0, script("run", many)), 11, 1);
    int watch = watch_state();
    helper_wake(&talk->helper);
    wait_for_state(watch); /* without a look at the socket, which is full */
    check_state(11, 1, 5);
    assert_int_equal(process_of(talk->helper.pid).pid, talk->helper.pid);

    check_end(talk, 5, "");
    assert_int_equal(talk->lines, SUPERVISOR_LINES_MAX);
    snprintf(last, sizeof last, "00%d\n", SUPERVISOR_LINES_MAX);
    assert_string_equal(talk->text + talk->len - strlen(last), last);
    assert_int_equal(talk->message.unshown_lines, 50);
    assert_int_equal(talk->message.unshown_bytes, 50 * 899);
    wait_for_supervisor(talk);
}

static void one_that_was_slow_hears_all_while_the_command_runs(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path_of("printed"), 0600), 0);
    assert_int_equal(mkfifo(path_of("end"), 0600), 0);
    struct talk *talk =
        begin_and_go(ORDER(0, script("run", "seq -f %0890g 200; read x < $1; read x < $2; exit 0"),
                           path_of("printed"), path_of("end")));
    release("printed"); /* more than the socket holds */
    while (talk->lines < 200)
        assert_true(hear_line(talk));
    release("end");
    check_end(talk, 0, "");
    assert_int_equal(talk->message.unshown_lines, 0);
    wait_for_supervisor(talk);
}

static void one_that_never_reads_and_goes_lets_it_end(void **state)
{
    (void)state;
    struct talk *talk = begin_stored(
        ORDER(0, script("run", "seq -f %0890g 300; read x < $1; exit 0"), path_of("fifo")), 12, 1);
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    helper_wake(&talk->helper);
    release("fifo");
    hang_up(talk);
    wait_for_supervisor(talk);
    check_state(12, 1, 0);
}

/* A command that prints without end must be read as fast as it can write. */
static void a_flood_is_counted(void **state)
{
    (void)state;
    struct talk *talk = begin_and_go(ORDER(0, script("run", "yes | head -c 100000000")));
    check_end(talk, 0, "");
    assert_int_equal(talk->lines, SUPERVISOR_LINES_MAX);
    assert_int_equal(talk->message.unshown_lines, 50000000 - SUPERVISOR_LINES_MAX);
    assert_int_equal(talk->message.unshown_bytes, 50000000 - SUPERVISOR_LINES_MAX);
    wait_for_supervisor(talk);

    talk = begin_and_go(ORDER(0, "/usr/bin/head", "-c", "100000000", "/dev/zero"));
    check_end(talk, 0, "");
    assert_int_equal(talk->lines, 1);
    assert_int_equal(talk->len, SUPERVISOR_LINE_MAX + 1);
    assert_int_equal(talk->message.unshown_lines, 0);
    assert_int_equal(talk->message.unshown_bytes, 100000000 - SUPERVISOR_LINE_MAX);
    wait_for_supervisor(talk);
}

static void a_child_in_the_background_is_left_alone(void **state)
{
    (void)state;
    struct talk *talk =
        begin_and_go(ORDER(60000, script("run", "sleep 1000 & echo $!; printf last")));
    check_end(talk, 0, "");
    pid_t child = (pid_t)strtol(talk->text, NULL, 10);
    assert_string_equal(strchr(talk->text, '\n'), "\nlast\n");
    wait_for_supervisor(talk);
    assert_int_equal(process_of(child).pid, child);
    kill(child, SIGKILL);

    /* Not even one that prints without end keeps it up. */
    talk = begin_and_go(ORDER(60000, script("run", "yes & echo $$")));
    check_end(talk, 0, "");
    wait_for_supervisor(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_agent_that_goes_before_the_gate_takes_the_command_along),
        TEST(without_an_agent_the_command_goes_on_and_its_end_is_written),
        TEST(without_an_agent_it_waits_quietly),
        TEST(the_end_is_told_and_written),
        TEST(an_agent_that_does_not_read_holds_nothing_up_and_loses_nothing),
        TEST(one_that_was_slow_hears_all_while_the_command_runs),
        TEST(one_that_never_reads_and_goes_lets_it_end),
        TEST(a_flood_is_counted),
        TEST(a_child_in_the_background_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
