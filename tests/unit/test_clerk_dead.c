/* Clerks that die, cannot open, or talk nonsense; and that nothing of them is left. */
#include "tests/unit/clerked.h"

#include <sys/resource.h>

/* A job that kills is done again by the next helper; and so is one that was given meanwhile. */
static void test_dies_in_a_job(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    clerked.script->job = DIE;
    int64_t before_ns = clock_mono_ns();
    give(&clerked, "job");
    for (int i = 1; i <= 3; i++) {
        WAIT(&clerked, clerked.done == i);
        assert_int_equal(clerked.done_error, CLERK_ENDED);
        assert_int_equal(clerked.number, 1);
        assert_int_equal(clerked.answer_len, 0);
        assert_false(clerk_idle(clerked.clerk));
        assert_int_equal(clerk_busy_since_ns(clerked.clerk), 0);
    }
    clerked.script->job = WELL;
    assert_int_equal(give(&clerked, "two"), 2);
    WAIT(&clerked, clerked.done == 4);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.number, 2);
    assert_string_equal(clerked.script->last, "two");
    assert_int_equal(clerked.script->opens, 4);
    assert_int_equal(clerked.opened, 4);
    assert_true(clock_mono_ns() - before_ns >= (1 + 2) * CLOCK_NS_PER_S);
    clerked_close(&clerked);
}

/* Nobody is told of one that had nothing to do; another is there before it is needed. */
static void test_dies_idle(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    WAIT(&clerked, clerked.opened);
    int pid = clerked.script->pid;
    kill(pid, SIGKILL);
    WAIT(&clerked, clerked.opened == 2);
    assert_int_equal(clerked.done, 0);
    assert_int_equal(kill(pid, 0), -1); /* reaped */
    give(&clerked, "job");
    WAIT(&clerked, clerked.done == 1);
    assert_int_equal(clerked.done_error, 0);
    clerked_close(&clerked);
}

/* It is dead, and that was not heard of, when a job is given: nothing is told from in there. */
static void test_dead_before_a_job(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    WAIT(&clerked, clerked.opened);
    int pid = clerked.script->pid;
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
    assert_int_equal(give(&clerked, "job"), 1);
    assert_int_equal(clerked.done, 0);
    WAIT(&clerked, clerked.done == 1);
    assert_int_equal(clerked.done_error, CLERK_ENDED);
    WAIT(&clerked, clerked.done == 2);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.script->begun, 1);
    clerked_close(&clerked);
}

/* It does no job until it could open, which is tried ever more rarely. */
static void test_cannot_open(void **state)
{
    static const enum deed deeds[] = {FAIL, DIE};

    (void)state;
    for (int n = 0; n < 2; n++) {
        struct clerked clerked;
        int64_t before_ns = clock_mono_ns();

        clerked_open(&clerked, deeds[n]);
        give(&clerked, "job");
        for (int i = 1; i <= 3; i++) {
            WAIT(&clerked, clerked.opened == i);
            assert_int_equal(clerked.opened_error, deeds[n] == FAIL ? ENOSPC : CLERK_ENDED);
            assert_string_equal(clerked.answer, deeds[n] == FAIL ? "no room" : "");
        }
        assert_true(clock_mono_ns() - before_ns >= CLOCK_NS_PER_S);
        clerked.script->open = WELL;
        WAIT(&clerked, clerk_idle(clerked.clerk));
        assert_int_equal(clerked.opened, 4);
        assert_int_equal(clerked.done, 1);
        assert_int_equal(clerked.script->begun, 1);
        clerked_close(&clerked);
    }
}

/* Hung, and killed by somebody. Until then there is never a second one. */
static void test_hangs(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, HANG);
    give(&clerked, "job");
    WAIT(&clerked, clerked.script->hanging);
    int64_t until_ns = clock_mono_ns() + 40 * CLOCK_NS_PER_S;
    while (clock_mono_ns() < until_ns)
        turn(&clerked);
    assert_int_equal(clerked.opened, 0);
    assert_int_equal(clerked.script->opens, 1);
    assert_true(clock_mono_ns() - clerk_busy_since_ns(clerked.clerk) >= 40 * CLOCK_NS_PER_S);
    clerked.script->open = WELL;
    kill(clerked.script->pid, SIGKILL);
    WAIT(&clerked, clerked.done);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.opened, 2);
    clerked_close(&clerked);
}

/* A message as it lies on the socket: the job's number and an error, 8 bytes each. */
static const struct {
    int64_t number, error;
    size_t len;
} lies[] = {
    {0, 0, 0}, {0, 0, 1},   {1, 0, 15},         {0, 0, 16},         {2, 0, 16},
    {1, 0, 7}, {1, -1, 20}, {1, INT64_MAX, 16}, {INT64_MIN, 0, 16}, {-1, 0, 64},
};

/* Who says what it should not is taken for dead, and ended. */
static void test_nonsense(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct clerked clerked;

        clerked_open(&clerked, WELL);
        WAIT(&clerked, clerked.opened);
        clerked.script->job = LIE;
        memcpy(clerked.script->lie, &lies[i].number, sizeof lies[i].number);
        memcpy(clerked.script->lie + 8, &lies[i].error, sizeof lies[i].error);
        clerked.script->lie_len = lies[i].len;
        give(&clerked, "job");
        WAIT(&clerked, clerked.done);
        assert_int_equal(clerked.done_error, CLERK_ENDED);
        clerked.script->job = WELL;
        WAIT(&clerked, clerked.done == 2);
        assert_int_equal(clerked.done_error, 0);
        assert_int_equal(clerked.script->opens, 2);
        clerked_close(&clerked);
    }
}

/* The same of one that answers a job before it has opened. */
static void test_nonsense_first(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, HANG);
    clerked.script->lie[0] = 1;
    clerked.script->lie_len = 16;
    WAIT(&clerked, clerked.script->hanging);
    clerked.script->open = LIE; /* of the next one */
    kill(clerked.script->pid, SIGKILL);
    WAIT(&clerked, clerked.opened == 2);
    assert_int_equal(clerked.opened_error, CLERK_ENDED);
    clerked_close(&clerked);
}

/* No helper can be started for want of descriptors: told, and done later. */
static void test_no_descriptors(void **state)
{
    struct rlimit before;
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    clerk_free(clerked.clerk);
    getrlimit(RLIMIT_NOFILE, &before);
    struct rlimit few = {.rlim_cur = 3, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    clerked.clerk = clerked_new(&clerked);
    assert_non_null(clerked.clerk);
    give(&clerked, "job");
    assert_int_equal(clerked.opened, 0);
    while (clerked.opened < 2)
        waits_dispatch(clerked.waits);
    assert_int_equal(clerked.opened_error, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    WAIT(&clerked, clerked.done);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.opened_error, 0);
    clerked_close(&clerked);
}

/* A job that cannot be sent is told from within the dispatch, and done later. */
static void test_cannot_send(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    WAIT(&clerked, clerked.opened);
    refused = 1;
    assert_int_equal(give(&clerked, "job"), 1);
    assert_int_equal(clerked.done, 0);
    WAIT(&clerked, clerked.done == 1);
    assert_int_equal(clerked.done_error, CLERK_ENDED);
    WAIT(&clerked, clerked.done == 2);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.script->begun, 1);
    clerked_close(&clerked);
}

/* Nothing is left of 1000 jobs and 50 helpers, but for the last one. */
static void test_nothing_left(void **state)
{
    struct clerked clerked;
    int before = 0;

    (void)state;
    clerked_open(&clerked, WELL);
    for (int i = 0; i < 50; i++) {
        WAIT(&clerked, clerked.opened == i + 1);
        for (int n = 0; n < 20; n++) {
            give(&clerked, "job");
            WAIT(&clerked, clerk_idle(clerked.clerk));
        }
        if (i == 0)
            before = descriptors();
        if (i < 49)
            kill(clerked.script->pid, SIGKILL);
    }
    assert_int_equal(clerked.done, 1000);
    assert_int_equal(clerked.script->opens, 50);
    assert_int_equal(descriptors(), before);
    int pid = clerked.script->pid;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* there is no zombie, and one child */
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(-1, NULL, 0), pid);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    clerked_close(&clerked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dies_in_a_job),
        cmocka_unit_test(test_dies_idle),
        cmocka_unit_test(test_dead_before_a_job),
        cmocka_unit_test(test_cannot_open),
        cmocka_unit_test(test_hangs),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_cannot_send),
        cmocka_unit_test(test_nonsense_first),
        cmocka_unit_test(test_nothing_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
