/* Disks that are read without a helper: which, when not, and what it saves. */
#include "tests/unit/proc/three_disks.h"

static struct subject open_at_once(void)
{
    struct subject subject = open_three();

    for (int i = 0; i < 3; i++)
        fake->disks[i].at_once = true;
    return subject;
}

static void expect_counts(int disk, int tries, int calls)
{
    if (fake->disks[disk].tries != tries || fake->disks[disk].calls != calls)
        fail_msg("disk %d: %d tries, %d calls", disk, fake->disks[disk].tries,
                 fake->disks[disk].calls);
}

static bool nothing_to_dispatch(const struct subject *subject)
{
    struct pollfd ready = {.fd = disks_fd(subject->disks), .events = POLLIN};

    return poll(&ready, 1, 0) == 0;
}

/* The look is over before disks_look is, and leaves neither a helper at work nor an alarm. */
static void test_no_helper(void **state)
{
    struct subject subject = open_at_once();
    bool over = false;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        subject_begin(&subject, COLLECTOR_ALL, FAKE_SHORT_NS, &over);
        assert_true(over);
        subject_expect(&subject, all_ok);
        for (int disk = 0; disk < 3; disk++) {
            expect(&subject, (size_t)disk, 0);
            expect_counts(disk, i, 0);
        }
    }
    usleep(2 * FAKE_SHORT_NS / 1000);
    assert_true(nothing_to_dispatch(&subject));
    subject_close(&subject);
}

struct row {
    enum fake_mode mode;
    int calls;
    const char *lines;
};

/* What is no success is known at once, or found out by a helper. */
static void test_outcomes(void **state)
{
    static const struct row rows[] = {
        {FAKE_OK, 0, all_ok},
        {FAKE_FAIL, 1, b_failed},
        {FAKE_NOT_DIRECTORY, 0,
         "system.disk.error 0\n" LINES_OK("a", "1000000") LINES_OK("c", "1002000")},
        {FAKE_SIZELESS, 0,
         "system.disk.error 0\n" LINES_OK("a", "1000000") LINES_OK("c", "1002000")},
        {FAKE_OTHER, 0, "system.disk.error 0\n" LINES_OK("a", "1000000") LINES_OK("c", "1002000")},
        {FAKE_OK, 0, all_ok},
    };
    struct subject subject = open_at_once();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int calls = fake->disks[1].calls;

        fake->disks[1].mode = rows[i].mode;
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject, rows[i].lines);
        expect_counts(1, (int)i + 1, calls + rows[i].calls);
        expect_counts(0, (int)i + 1, 0);
    }
    subject_close(&subject);
}

/* Only where the mount table says that it is resident, as it stands now: a remount may change it.
 */
static void test_resident(void **state)
{
    struct subject subject = open_at_once();
    int expected[2] = {0};

    (void)state;
    for (int i = 0; i < 4; i++) {
        bool resident = i % 2 == 0;

        snprintf(fake->disks[1].type, sizeof fake->disks[1].type, resident ? "ext4" : "xfs");
        fake_publish();
        expected[resident]++;
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject, all_ok);
        expect_counts(1, expected[true], expected[false]);
        expect_counts(0, i + 1, 0);
    }
    subject_close(&subject);
}

/* Of disks that stand beside each other those that cannot be read at once take a helper. */
static void test_mixed(void **state)
{
    struct subject subject = open_at_once();
    bool over = false;

    (void)state;
    fake->disks[1].at_once = false;
    fake->disks[1].mode = FAKE_HANG;
    subject_begin(&subject, COLLECTOR_ALL, FAKE_LONG_NS, &over);
    FAKE_WAIT(fake->disks[1].running);
    assert_false(over);
    expect_counts(0, 1, 0);
    expect_counts(2, 1, 0);
    fake->disks[1].mode = FAKE_OK;
    subject_end(&subject, &over);
    subject_expect(&subject, all_ok);
    expect_counts(1, 0, 1);
    subject_close(&subject);
}

/* Another mount turns out to stand there, and the table has changed: the look goes on with it. */
static void test_moved(void **state)
{
    fake_add("/a", "ext4");
    struct subject subject = subject_open(NULL);
    bool over = false;

    (void)state;
    fake->disks[fake_add("/a", "ext4")].at_once = true;
    fake->disks[0].at_once = true;
    fake->disks[0].mode = FAKE_MOVED;
    fake->disks[0].mounted = false;
    fake_publish_as("mountinfo.next");
    subject_begin(&subject, COLLECTOR_ALL, FAKE_LONG_NS, &over);
    assert_true(over);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("a", "1001000"));
    expect_counts(0, 1, 0);
    expect_counts(1, 1, 0);
    subject_close(&subject);
}

/* A device of which a call hangs is left alone, and one that hung is not trusted until a call on it
 * has succeeded; not by its other mount either. */
static void test_distrust(void **state)
{
    struct subject subject = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        fake_add(three[i], "ext4");
    fake->disks[2].device = fake->disks[1].device;
    fake->disks[1].mode = FAKE_HANG;
    subject = subject_open(&three_observed);
    subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS);
    expect(&subject, 1, ETIMEDOUT);
    expect(&subject, 2, ETIMEDOUT);

    fake->disks[2].at_once = true;
    subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS);
    expect(&subject, 0, 0);
    expect(&subject, 2, ETIMEDOUT);
    expect_counts(2, 0, 0);

    fake->disks[1].mode = FAKE_FAIL;
    FAKE_WAIT(!fake->disks[1].running);
    subject_step(&subject);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    expect(&subject, 1, EIO);
    expect(&subject, 2, 0);
    expect_counts(2, 0, 1);

    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    expect_counts(2, 1, 1);
    subject_close(&subject);
}

/* The two looks of a tick read a disk once, and later ones do so anew. */
static void test_shared(void **state)
{
    enum { TICKS = 50, APART_NS = 21 * CLOCK_NS_PER_MS };
    struct subject subject = open_at_once();
    int begun_in_time = 0;

    (void)state;
    for (int i = 0; i < TICKS; i++) {
        int before = fake->disks[0].tries;

        subject_look(&subject, COLLECTOR_OBSERVED, FAKE_LONG_NS);
        assert_int_equal(fake->disks[0].tries, before + 1);
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        begun_in_time += fake->disks[0].tries == before + 1;
        subject_expect(&subject, all_ok);
        usleep(APART_NS / 1000);
    }
    assert_true(begun_in_time > 0); /* a machine that stands still between them reads twice */

    subject_look(&subject, COLLECTOR_OBSERVED, FAKE_LONG_NS);
    usleep(APART_NS / 1000);
    fake->disks[1].mode = FAKE_FAIL;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, b_failed);
    subject_close(&subject);
}

/* An idle helper that dies is noticed and replaced, also where nobody is asked by helpers. */
static void test_idle_helper_dies(void **state)
{
    struct subject subject = open_at_once();

    (void)state;
    fake->disks[0].at_once = false;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    fake->disks[0].at_once = true;
    kill(fake->disks[0].pid, SIGKILL);
    subject_step(&subject);
    FAKE_WAIT(nothing_to_dispatch(&subject));
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    fake->disks[0].at_once = false;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    subject_close(&subject);
}

/* The last of the helpers is for devices that answer in time, also where they did so at once. */
static void test_last_helper(void **state)
{
    enum { HANGING = 16 };
    struct subject subject = {0};

    (void)state;
    for (int i = 0; i < HANGING; i++) {
        char point[16];

        snprintf(point, sizeof point, "/m%d", i);
        fake->disks[fake_add(point, "ext4")].mode = FAKE_HANG;
    }
    fake->disks[fake_add("/a", "ext4")].at_once = true;
    subject = subject_open(&three_observed);
    subject_look(&subject, COLLECTOR_ALL, 5 * FAKE_SHORT_NS);
    fake->disks[HANGING].at_once = false;
    subject_look(&subject, COLLECTOR_ALL, 5 * FAKE_SHORT_NS);
    expect_counts(HANGING, 1, 1);
    expect(&subject, 0, 0);
    for (int i = 0; i < HANGING; i++)
        fake->disks[i].mode = FAKE_OK;
    subject_close(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_helper, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_outcomes, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_resident, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_mixed, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_moved, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_distrust, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_shared, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_idle_helper_dies, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_last_helper, fake_open, fake_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
