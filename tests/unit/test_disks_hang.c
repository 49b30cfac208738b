/* Disks that hang: what it costs, and whom. */
#include "tests/unit/proc/three_disks.h"

/* One that hangs costs its own look the deadline and the others nothing; later looks do not wait
 * for it; it is readable again after a call that succeeded. */
static void test_hang(void **state)
{
    struct subject subject = open_three();

    (void)state;
    fake->disks[1].mode = FAKE_HANG;
    assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS) >= FAKE_SHORT_NS);
    subject_expect(&subject, b_failed);
    expect(&subject, 1, ETIMEDOUT);

    for (int i = 0; i < 3; i++) {
        assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
        subject_expect(&subject, b_failed);
        expect(&subject, 1, ETIMEDOUT);
    }
    assert_true(subject_look(&subject, COLLECTOR_OBSERVED, FAKE_LONG_NS) < FAKE_SOON_NS);
    expect(&subject, 1, ETIMEDOUT);
    assert_int_equal(fake->disks[1].calls, 1);

    fake->disks[1].mode = FAKE_OK;
    subject_step(&subject); /* the late answer; it is not taken for this look's */
    subject_expect(&subject, b_failed);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    assert_int_equal(fake->disks[1].calls, 2);
    assert_int_equal(fake->disks[1].pid, fake->disks[0].pid);
    subject_close(&subject);
}

/* The call that hung failed in the end: that is no recovery. It is asked by a helper of its own,
 * and when it hangs again nobody waits for it. */
static void test_failure_after_hang(void **state)
{
    struct subject subject = open_three();

    (void)state;
    fake->disks[1].mode = FAKE_HANG;
    subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS);
    fake->disks[1].mode = FAKE_FAIL;
    subject_step(&subject);

    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    expect(&subject, 1, EIO);
    assert_int_not_equal(fake->disks[1].pid, fake->disks[0].pid);

    fake->disks[1].mode = FAKE_HANG;
    assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
    subject_expect(&subject, b_failed);
    expect(&subject, 1, ETIMEDOUT);

    fake->disks[1].mode = FAKE_FAIL;
    subject_step(&subject);
    fake->disks[1].mode = FAKE_OK;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    assert_int_not_equal(fake->disks[1].pid, fake->disks[0].pid);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    assert_int_equal(fake->disks[1].pid, fake->disks[0].pid);
    subject_close(&subject);
}

/* One that is only slow is waited for, and is as good as the others. Its device's other mounts wait
 * for their turn. */
static void test_slow(void **state)
{
    bool over = false;

    (void)state;
    fake_add("/a", "ext4");
    fake_add("/b", "ext4");
    fake_add("/b/again", "ext4");
    fake_add("/c", "ext4");
    fake->disks[2].device = fake->disks[1].device;
    fake->disks[1].mode = FAKE_HANG;
    struct subject subject = subject_open(NULL);
    subject_begin(&subject, COLLECTOR_ALL, FAKE_LONG_NS, &over);
    while (fake->disks[3].calls == 0) /* by another helper, once the first was set aside */
        subject_step(&subject);
    assert_false(over);
    assert_int_equal(fake->disks[2].calls, 0);
    fake->disks[1].mode = FAKE_OK;
    subject_end(&subject, &over);
    subject_expect(&subject,
                   "system.disk.error 0\n" LINES_OK("a", "1000000") LINES_OK("b", "1001000")
                       LINES_OK("b_again", "1002000") LINES_OK("c", "1003000"));
    subject_close(&subject);
}

/* With a call outstanding on the device, its other mounts are not even asked. */
static void test_other_mounts_of_a_stuck_device(void **state)
{
    (void)state;
    fake_add("/a", "ext4");
    fake_add("/a/again", "ext4");
    fake_add("/b", "ext4");
    fake->disks[1].device = fake->disks[0].device;
    fake->disks[0].mode = FAKE_HANG;
    struct subject subject = subject_open(NULL);
    for (int i = 0; i < 2; i++) {
        subject_look(&subject, COLLECTOR_ALL, i ? FAKE_LONG_NS : FAKE_SHORT_NS);
        subject_expect(&subject, "system.disk.error 0\n" LINES_FAILED("a") LINES_FAILED("a_again")
                                     LINES_OK("b", "1002000"));
    }
    assert_int_equal(fake->disks[1].calls, 0);
    fake->disks[0].mode = FAKE_OK;
    subject_step(&subject);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("a", "1000000")
                                 LINES_OK("a_again", "1001000") LINES_OK("b", "1002000"));
    subject_close(&subject);
}

/* A suspect with several mounts that hangs again delays nobody by any of them. */
static void test_suspect_with_two_mounts(void **state)
{
    static const char failed[] =
        "system.disk.error 0\n" LINES_FAILED("a") LINES_FAILED("a_again") LINES_OK("b", "1002000");

    (void)state;
    fake_add("/a", "ext4");
    fake_add("/a/again", "ext4");
    fake_add("/b", "ext4");
    fake->disks[1].device = fake->disks[0].device;
    fake->disks[0].mode = FAKE_HANG;
    struct subject subject = subject_open(NULL);
    subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS);
    fake->disks[0].mode = FAKE_FAIL;
    subject_step(&subject);

    fake->disks[0].mode = FAKE_HANG;
    assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
    subject_expect(&subject, failed);
    assert_int_equal(fake->disks[1].calls, 0);
    subject_close(&subject);
}

/* Its mount is taken away while it hangs, and comes back: the device still has that one call. */
static void test_unmounted_while_stuck(void **state)
{
    struct subject subject = open_three();

    (void)state;
    fake->disks[1].mode = FAKE_HANG;
    subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS);
    fake->disks[1].mounted = false;
    fake_publish();
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject,
                   "system.disk.error 0\n" LINES_OK("a", "1000000") LINES_OK("c", "1002000"));
    assert_int_equal(disks_observed(subject.disks, 1).state, READING_ABSENT);

    fake->disks[1].mounted = true;
    fake_publish();
    assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
    subject_expect(&subject, b_failed);
    assert_int_equal(fake->disks[1].calls, 1);
    fake->disks[1].mode = FAKE_OK;
    subject_step(&subject);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    subject_close(&subject);
}

/* Two looks want one disk: it is read once, and each look has its own patience. */
static void test_both_scopes(void **state)
{
    struct subject subject = open_three();
    bool all_over = false;
    bool observed_over = false;

    (void)state;
    fake->disks[1].mode = FAKE_HANG;
    subject_begin(&subject, COLLECTOR_ALL, FAKE_LONG_NS, &all_over);
    subject_begin(&subject, COLLECTOR_OBSERVED, FAKE_SHORT_NS, &observed_over);
    subject_end(&subject, &observed_over);
    assert_false(all_over);
    expect(&subject, 0, 0);
    expect(&subject, 1, ETIMEDOUT);

    /* What one look gave up the next one does not wait for, though the other still does. */
    assert_true(subject_look(&subject, COLLECTOR_OBSERVED, FAKE_LONG_NS) < FAKE_SOON_NS);
    assert_false(all_over);
    expect(&subject, 1, ETIMEDOUT);

    fake->disks[1].mode = FAKE_OK;
    subject_end(&subject, &all_over);
    subject_expect(&subject, all_ok);
    expect(&subject, 1, 0);
    assert_int_equal(fake->disks[1].calls, 1);
    subject_close(&subject);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hang),
        TEST(test_failure_after_hang),
        TEST(test_slow),
        TEST(test_other_mounts_of_a_stuck_device),
        TEST(test_suspect_with_two_mounts),
        TEST(test_unmounted_while_stuck),
        TEST(test_both_scopes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
