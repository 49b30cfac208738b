/* Supervisors that hang on a bad disk while they write down an end. */
#include "parachute/keep/keeper.h"
#include "tests/unit/act/runs.h"

static pid_t hung[3];

/* In the keeper's place: a disk that does not answer. */
int keeper_write_end(const char *dir, const struct record_end *end)
{
    (void)dir;
    (void)end;
    for (;;)
        pause();
}

static void run_and_hang(unsigned turns)
{
    struct order *order = ORDER(0, "/bin/echo", "ran");
    const struct supervisor_work work = {.order = order, .state_dir = directory, .number = turns};

    told.text[0] = '\0';
    assert_int_equal(runner_start(runner, &work, "x"), 0);
    free(order);
    turn_until_ended(turns);
    assert_int_equal(told.status, 0);
    assert_string_equal(told.text, "ran\n");
    hung[turns - 1] = told.supervisor.pid;
}

static void the_next_run_does_not_wait_for_them(void **state)
{
    (void)state;
    open_runner();
    int before = open_descriptors();
    for (unsigned i = 1; i <= 3; i++)
        run_and_hang(i);
    assert_int_equal(open_descriptors(), before);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(process_of(hung[i]).pid, hung[i]);
        kill(hung[i], SIGKILL);
    }
    close_runner(); /* once all are reaped */
}

static void they_are_left_when_the_agent_ends(void **state)
{
    (void)state;
    open_runner();
    run_and_hang(1);
    runner_free(runner);
    waits_free(waits);
    assert_int_equal(process_of(hung[0]).pid, hung[0]);
    kill(hung[0], SIGKILL);
    assert_int_equal(waitpid(hung[0], NULL, 0), hung[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_next_run_does_not_wait_for_them),
        TEST(they_are_left_when_the_agent_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
