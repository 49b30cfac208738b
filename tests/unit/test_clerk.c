/* A clerk and its jobs: which are done, how often, what is told, and what is left at the end. */
#include "tests/unit/clerked.h"

static void test_jobs(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, TALK);
    assert_true(clerk_idle(clerked.clerk));
    assert_true(clerk_busy_since_ns(clerked.clerk) > 0);
    assert_int_equal(clerked.opened, 0);
    WAIT(&clerked, clerked.opened);
    assert_int_equal(clerked.opened_error, 0);
    assert_string_equal(clerked.answer, "said");
    assert_int_equal(clerk_busy_since_ns(clerked.clerk), 0);
    for (int i = 1; i <= 3; i++) {
        clerked.script->job = i == 3 ? TALK : WELL;
        int64_t before_ns = clock_mono_ns();
        assert_int_equal(give(&clerked, i == 2 ? "" : "job"), i);
        assert_int_equal(clerked.done, i - 1);
        assert_false(clerk_idle(clerked.clerk));
        assert_true(clerk_busy_since_ns(clerked.clerk) >= before_ns);
        WAIT(&clerked, clerked.done == i);
        assert_int_equal(clerked.number, i);
        assert_int_equal(clerked.done_error, 0);
        assert_string_equal(clerked.answer, i == 3 ? "said" : "");
        assert_string_equal(clerked.script->last, i == 2 ? "" : "job");
        assert_true(clerk_idle(clerked.clerk));
        assert_int_equal(clerk_busy_since_ns(clerked.clerk), 0);
    }
    assert_int_equal(clerked.opened, 1);
    clerked_close(&clerked);
}

/* As large as they may be, both ways. */
static void test_size(void **state)
{
    struct clerked clerked;
    char *job = malloc(CLERK_MESSAGE_MAX + 1);

    (void)state;
    assert_non_null(job);
    memset(job, 'j', CLERK_MESSAGE_MAX + 1);
    clerked_open(&clerked, BIG);
    clerked.script->job = BIG;
    WAIT(&clerked, clerked.opened);
    assert_int_equal(clerked.answer_len, CLERK_MESSAGE_MAX);
    assert_int_equal(clerk_give(clerked.clerk, job, CLERK_MESSAGE_MAX + 1), -1);
    assert_int_equal(errno, EMSGSIZE);
    assert_true(clerk_idle(clerked.clerk));
    clerked.answer_len = 0;
    assert_int_equal(clerk_give(clerked.clerk, job, CLERK_MESSAGE_MAX), 1);
    WAIT(&clerked, clerked.done);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.answer_len, CLERK_MESSAGE_MAX);
    clerked_close(&clerked);
    free(job);
}

/* While one is in hand, of the others only the last counts; at once, however the one ended. */
static void test_newest_wins(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, HANG);
    give(&clerked, "one");
    give(&clerked, "two");
    WAIT(&clerked, clerked.script->hanging);
    clerked.script->job = HANG;
    sem_post(&clerked.script->go);
    WAIT(&clerked, clerked.script->begun == 1);
    assert_int_equal(give(&clerked, "three"), 3);
    assert_int_equal(give(&clerked, "four"), 4);
    for (int i = 0; i < 20; i++)
        turn(&clerked);
    assert_int_equal(clerked.done, 0);
    assert_int_equal(clerked.script->begun, 1);
    assert_string_equal(clerked.script->last, "two");
    clerked.script->hang_error = ENOSPC;
    sem_post(&clerked.script->go);
    WAIT(&clerked, clerked.done == 1);
    assert_int_equal(clerked.done_error, ENOSPC);
    assert_int_equal(clerked.number, 2);
    assert_true(clerk_busy_since_ns(clerked.clerk) > 0);
    WAIT(&clerked, clerked.script->begun == 2);
    clerked.script->hang_error = 0;
    assert_false(clerk_idle(clerked.clerk));
    sem_post(&clerked.script->go);
    WAIT(&clerked, clerked.done == 2);
    assert_int_equal(clerked.number, 4);
    assert_string_equal(clerked.script->last, "four");
    assert_true(clerk_idle(clerked.clerk));
    clerked_close(&clerked);
}

/* After 1 s, 2 s and so on up to 32 s; each time is told. */
static void test_fails(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    clerked.script->failing = 8;
    give(&clerked, "job");
    int64_t due_ns = 0;
    int64_t wait_ns = CLOCK_NS_PER_S;
    for (int i = 1; i <= 8; i++) {
        WAIT(&clerked, clerked.done == i);
        assert_int_equal(clerked.done_error, ENOSPC);
        assert_int_equal(clerked.number, 1);
        assert_string_equal(clerked.answer, "no room");
        assert_false(clerk_idle(clerked.clerk));
        assert_int_equal(clerk_busy_since_ns(clerked.clerk), 0);
        assert_true(clerked.done_ns >= due_ns);
        assert_true(set_for_ns <= wait_ns);
        due_ns = clerked.turn_ns + wait_ns;
        wait_ns = wait_ns < 32 * CLOCK_NS_PER_S ? 2 * wait_ns : wait_ns;
    }
    WAIT(&clerked, clerked.done == 9);
    assert_int_equal(clerked.done_error, 0);
    assert_true(clerk_idle(clerked.clerk));
    assert_int_equal(clerked.script->opens, 1);

    clerked.script->failing = 1; /* and after 1 s again */
    give(&clerked, "job");
    WAIT(&clerked, clerked.done == 11);
    assert_true(set_for_ns <= CLOCK_NS_PER_S);
    clerked_close(&clerked);
}

/* Another job takes the place of one that failed, at once. */
static void test_fails_and_another(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    clerked.script->failing = 6;
    give(&clerked, "one");
    WAIT(&clerked, clerked.done == 6);
    give(&clerked, "two");
    assert_true(clerk_busy_since_ns(clerked.clerk) > 0);
    WAIT(&clerked, clerked.done == 7);
    assert_int_equal(clerked.number, 2);
    assert_string_equal(clerked.script->last, "two");
    assert_int_equal(clerked.script->begun, 7);
    int64_t until_ns = clock_mono_ns() + 40 * CLOCK_NS_PER_S;
    while (clock_mono_ns() < until_ns) /* the first one is not done again */
        turn(&clerked);
    assert_int_equal(clerked.script->begun, 7);

    clerked.script->job = HANG; /* one that fails while another is there already */
    clerked.script->failing = 0;
    give(&clerked, "three");
    WAIT(&clerked, clerked.script->hanging);
    give(&clerked, "four");
    clerked.script->job = WELL;
    kill(clerked.script->pid, SIGKILL);
    WAIT(&clerked, clerk_idle(clerked.clerk));
    assert_int_equal(clerked.number, 4);
    assert_int_equal(clerked.script->begun, 9);
    clerked_close(&clerked);
}

/* Jobs that are given, and an end, from within a call. */
static void test_in_a_call(void **state)
{
    struct clerked clerked;

    (void)state;
    for (int opening = 0; opening < 2; opening++) {
        for (int deed = WELL; deed <= DIE; deed++) {
            if (deed == HANG)
                continue;
            clerked_open(&clerked, opening ? (enum deed)deed : WELL);
            clerked.script->job = (enum deed)deed;
            if (!opening) {
                WAIT(&clerked, clerked.opened);
                give(&clerked, "one");
            }
            clerked.give = "next";
            clerked.free_it = true;
            WAIT(&clerked, !clerked.clerk);
            bury();
            if (deed != DIE && (!opening || deed == WELL))
                assert_string_equal(clerked.script->last, "next");
            clerked_close(&clerked);
        }
    }
}

/* What was given before the end is done, once; one that has not opened yet goes. */
static void test_freed(void **state)
{
    enum { IN_HAND, AND_ANOTHER, FAILED, ANSWERED, OPENING, IDLE, CASES };

    (void)state;
    for (int n = 0; n < CASES; n++) {
        struct clerked clerked;

        clerked_open(&clerked, n == OPENING ? HANG : TALK);
        clerked.script->job = n == FAILED ? FAIL : n == ANSWERED ? WELL : HANG;
        if (n != OPENING)
            WAIT(&clerked, clerked.opened);
        if (n != IDLE)
            give(&clerked, "one");
        if (n == FAILED)
            WAIT(&clerked, clerked.done);
        else if (n == ANSWERED) /* and the answer is not read yet */
            while (!(poll(&(struct pollfd){waits_fd(clerked.waits), POLLIN, 0}, 1, 100) > 0))
                ;
        else if (n != IDLE)
            WAIT(&clerked, clerked.script->hanging);
        if (n == AND_ANOTHER || n == ANSWERED)
            give(&clerked, "two");
        clerk_free(clerked.clerk);
        clerked.clerk = NULL;
        if (n == IN_HAND || n == AND_ANOTHER) {
            assert_int_equal(waitpid(clerked.script->pid, NULL, WNOHANG), 0);
            assert_int_equal(clerked.script->hanging, 1);
            sem_post(&clerked.script->go);
            sem_post(&clerked.script->go);
        }
        bury();
        static const int begun[CASES] = {1, 2, 2, 2, 0, 0};
        assert_int_equal(clerked.script->begun, begun[n]);
        assert_int_equal(clerked.script->hanging, n == OPENING);
        if (n == AND_ANOTHER || n == ANSWERED)
            assert_string_equal(clerked.script->last, "two");
        clerked_close(&clerked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),      cmocka_unit_test(test_size),
        cmocka_unit_test(test_fails),     cmocka_unit_test(test_fails_and_another),
        cmocka_unit_test(test_in_a_call), cmocka_unit_test(test_newest_wins),
        cmocka_unit_test(test_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
