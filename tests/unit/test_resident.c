/* Several mounts of one file system that is read without a helper: which of them are read. */
#include "tests/unit/proc/three_disks.h"

enum { LOOKS = 3 };

/* /a, /b and /c are mounts of one file system, and tell the same. */
static struct subject open_one(const struct collector_options *options)
{
    for (int i = 0; i < 3; i++) {
        struct fake_disk *disk = &fake->disks[fake_add(three[i], "ext4")];

        disk->at_once = true;
        disk->device = fake->disks[0].device;
        disk->total = FAKE_TOTAL(0);
    }
    return subject_open(options);
}

static const char all_same[] = "system.disk.error 0\n" LINES_OK("a", "1000000")
    LINES_OK("b", "1000000") LINES_OK("c", "1000000");

static void expect_tries(int a, int b, int c)
{
    const int tries[] = {a, b, c};

    for (int i = 0; i < 3; i++)
        if (fake->disks[i].tries != tries[i] || fake->disks[i].calls != 0)
            fail_msg("%s: %d tries instead of %d, %d calls", three[i], (int)fake->disks[i].tries,
                     tries[i], (int)fake->disks[i].calls);
}

/* Each once; from then on the first for all. */
static void test_one_for_all(void **state)
{
    struct subject subject = open_one(NULL);

    (void)state;
    for (int i = 1; i <= LOOKS; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject, all_same);
        expect_tries(i, 1, 1);
    }
    subject_close(&subject);
}

/* The first one is gone: another takes its place. */
static void test_next_for_all(void **state)
{
    struct subject subject = open_one(NULL);

    (void)state;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    fake->disks[0].mode = FAKE_OTHER;
    for (int i = 1; i <= LOOKS; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject,
                       "system.disk.error 0\n" LINES_OK("b", "1000000") LINES_OK("c", "1000000"));
        expect_tries(1 + i, 1 + i, 1);
    }
    subject_close(&subject);
}

/* One that is no folder, and one that tells something else, as one with a quota of its own does. */
static void test_odd_ones(void **state)
{
    struct subject subject = open_one(NULL);

    (void)state;
    fake->disks[1].mode = FAKE_NOT_DIRECTORY;
    fake->disks[2].total = FAKE_TOTAL(2);
    for (int i = 1; i <= LOOKS; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject,
                       "system.disk.error 0\n" LINES_OK("a", "1000000") LINES_OK("c", "1002000"));
        expect_tries(i, i, i);
    }
    subject_close(&subject);
}

/* What the parachute goes by is read itself. */
static void test_observed(void **state)
{
    static const char *const observed[] = {"/b"};
    static const struct collector_options options = {.observed = observed, .observed_count = 1};
    struct subject subject = open_one(&options);

    (void)state;
    for (int i = 1; i <= LOOKS; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject, all_same);
        expect_tries(i, i, 1);
    }
    subject_close(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_for_all, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_next_for_all, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_odd_ones, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(test_observed, fake_open, fake_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
