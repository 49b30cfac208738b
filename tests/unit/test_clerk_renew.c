/* A clerk whose helper is to be another one: when that begins, and who does which job. */
#include "tests/unit/clerked.h"

/* An idle helper goes at once; with a job given just then it is the new one's. */
static void test_idle(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    WAIT(&clerked, clerked.opened);
    for (int i = 1; i <= 5; i++) {
        int pid = clerked.script->pid;

        clerk_renew(clerked.clerk);
        clerk_renew(clerked.clerk); /* while there is none */
        give(&clerked, "job");
        WAIT(&clerked, clerked.done == i);
        assert_int_equal(clerked.done_error, 0);
        assert_int_equal(clerked.opened, i + 1);
        assert_int_equal(clerked.script->opens, i + 1);
        assert_int_not_equal(clerked.script->pid, pid);
    }
    clerked_close(&clerked);
}

/* So many renewals without a job between them are no reason to wait longer. */
static void test_often(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    for (int i = 1; i <= 8; i++) {
        WAIT(&clerked, clerked.opened == i);
        set_for_ns = 0;
        clerk_renew(clerked.clerk);
        assert_true(set_for_ns <= CLOCK_NS_PER_S);
    }
    WAIT(&clerked, clerked.opened == 9);
    assert_int_equal(clerked.opened_error, 0);
    clerked_close(&clerked);
}

/* A busy one does its job first, however long that takes; no second one is begun meanwhile. */
static void test_busy(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    clerked.script->job = HANG;
    give(&clerked, "first");
    WAIT(&clerked, clerked.script->hanging);
    int pid = clerked.script->pid;
    clerk_renew(clerked.clerk);
    give(&clerked, "second");
    int64_t until_ns = clock_mono_ns() + 5 * CLOCK_NS_PER_S;
    WAIT(&clerked, clock_mono_ns() > until_ns);
    assert_int_equal(clerked.script->opens, 1);
    assert_string_equal(clerked.script->last, "first");

    clerked.script->job = WELL;
    sem_post(&clerked.script->go);
    WAIT(&clerked, clerked.done == 2);
    assert_int_equal(clerked.number, 2);
    assert_string_equal(clerked.script->last, "second");
    assert_int_equal(clerked.script->opens, 2);
    assert_int_equal(clerked.script->begun, 2);
    assert_int_not_equal(clerked.script->pid, pid);
    clerked_close(&clerked);
}

/* A job that failed is done again by the new one. */
static void test_failed(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    clerked.script->job = HANG;
    clerked.script->hang_error = EIO;
    give(&clerked, "job");
    WAIT(&clerked, clerked.script->hanging);
    clerk_renew(clerked.clerk);
    clerked.script->job = WELL;
    sem_post(&clerked.script->go);
    WAIT(&clerked, clerked.done == 2);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.script->opens, 2);
    assert_true(clerk_idle(clerked.clerk));
    clerked_close(&clerked);
}

/* One that opens is as old as one that is idle; nothing is told of it. */
static void test_opening(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, HANG);
    give(&clerked, "job");
    WAIT(&clerked, clerked.script->hanging);
    int pid = clerked.script->pid;
    clerked.script->open = WELL;
    clerk_renew(clerked.clerk);
    WAIT(&clerked, clerked.done);
    assert_int_equal(clerked.opened, 1);
    assert_int_equal(clerked.opened_error, 0);
    assert_int_not_equal(clerked.script->pid, pid);
    clerked_close(&clerked);
}

/* A helper that dies in its last job was to go anyway. */
static void test_dies(void **state)
{
    struct clerked clerked;

    (void)state;
    clerked_open(&clerked, WELL);
    clerked.script->job = HANG;
    give(&clerked, "job");
    WAIT(&clerked, clerked.script->hanging);
    clerk_renew(clerked.clerk);
    clerked.script->job = WELL;
    kill(clerked.script->pid, SIGKILL);
    WAIT(&clerked, clerked.done == 2);
    assert_int_equal(clerked.done_error, 0);
    assert_int_equal(clerked.script->opens, 2);
    give(&clerked, "job");
    WAIT(&clerked, clerked.done == 3);
    assert_int_equal(clerked.script->opens, 2); /* it is not renewed once more */
    clerked_close(&clerked);
}

/* Its end, at each point. */
static void test_end(void **state)
{
    int before = descriptors();

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct clerked clerked;

        clerked_open(&clerked, WELL);
        WAIT(&clerked, clerked.opened);
        if (i == 1)
            give(&clerked, "job");
        clerk_renew(clerked.clerk);
        if (i == 2)
            give(&clerked, "job");
        clerked_close(&clerked);
        assert_int_equal(descriptors(), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle),   cmocka_unit_test(test_often),   cmocka_unit_test(test_busy),
        cmocka_unit_test(test_failed), cmocka_unit_test(test_opening), cmocka_unit_test(test_dies),
        cmocka_unit_test(test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
