/* Helpers that die, or are too few: what it costs, and whom. */
#include "tests/unit/proc/three_disks.h"

/* A helper that is killed in a call costs that disk this look, and the others nothing. */
static void test_killed_in_a_call(void **state)
{
    struct subject subject = open_three();
    bool over = false;

    (void)state;
    fake->disks[1].mode = FAKE_HANG;
    subject_begin(&subject, COLLECTOR_ALL, FAKE_LONG_NS, &over);
    FAKE_WAIT(fake->disks[1].running);
    kill(fake->disks[1].pid, SIGKILL);
    subject_end(&subject, &over);
    subject_expect(&subject, b_failed);
    expect(&subject, 1, EIO);

    fake->under_way[1] = 0; /* the dead one did not come that far */
    fake->disks[1].mode = FAKE_OK;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    subject_close(&subject);
}

/* The same where the call itself is the end of every helper that makes it. */
static void test_deadly(void **state)
{
    struct subject subject = open_three();

    (void)state;
    fake->disks[1].mode = FAKE_DEADLY;
    for (int i = 0; i < 10; i++) {
        assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
        subject_expect(&subject, b_failed);
        fake->under_way[1] = 0;
    }
    subject_close(&subject);
}

/* One that is killed, or stopped, between two looks costs nobody anything. */
static void test_killed_between(void **state)
{
    static const int signals[] = {SIGKILL, SIGSTOP};
    struct subject subject = open_three();

    (void)state;
    for (int i = 0; i < 2; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        int pid = fake->disks[0].pid;
        kill(pid, signals[i]);
        if (signals[i] == SIGKILL)
            subject_step(&subject);
        assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
        subject_expect(&subject, all_ok);
        assert_int_not_equal(fake->disks[0].pid, pid);
    }
    subject_close(&subject);
}

/* What is meant for the agent's process group is not meant for its helpers. */
static void test_signals(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    struct subject subject = open_three();

    (void)state;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    int pid = fake->disks[0].pid;
    for (int i = 0; i < 3; i++)
        kill(pid, signals[i]);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    assert_int_equal(fake->disks[0].pid, pid);
    subject_close(&subject);
}

/* A look that finds the first so many disks well. */
static bool looks_well(const struct subject *subject, size_t count)
{
    subject_look(subject, COLLECTOR_ALL, FAKE_LONG_NS);
    for (size_t i = 0; i < count; i++)
        if (disks_observed(subject->disks, i).error != 0)
            return false;
    return true;
}

static int alive(const int *pids, int count)
{
    int total = 0;

    for (int i = 0; i < count; i++)
        total += kill(pids[i], 0) == 0;
    return total;
}

/* Twenty devices hang: fifteen helpers are left behind. The sixteenth and last is kept for what
 * answered before, until that hangs too. When all is well again one of them stays. */
static void test_limit(void **state)
{
    enum { HANGING = 20, DISKS = HANGING + 2, HELPERS = 15 };
    const char *observed[DISKS];
    char points[DISKS][16];
    int pids[DISKS] = {0};
    int pid_count = 0;

    (void)state;
    for (int i = 0; i < DISKS; i++) {
        snprintf(points[i], sizeof points[i], "/d%d", i);
        observed[i] = points[i];
        fake_add(points[i], "ext4");
        fake->disks[i].mode = i == 0 || i == DISKS - 1 ? FAKE_OK : FAKE_HANG;
    }
    const struct collector_options options = {.observed = observed, .observed_count = DISKS};
    struct subject subject = subject_open(&options);
    subject_look(&subject, COLLECTOR_ALL, 5 * CLOCK_NS_PER_S);
    for (int i = 0; i < DISKS; i++) {
        assert_int_equal(disks_observed(subject.disks, (size_t)i).error, i == 0 ? 0 : ETIMEDOUT);
        if (i > 0 && fake->disks[i].calls > 0)
            pids[pid_count++] = fake->disks[i].pid;
    }
    assert_int_equal(pid_count, HELPERS);
    assert_int_equal(alive(pids, HELPERS), HELPERS);

    assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
    for (int i = 0; i < DISKS; i++) {
        int error = i == 0 ? 0 : i <= HELPERS ? ETIMEDOUT : EBUSY;

        assert_int_equal(disks_observed(subject.disks, (size_t)i).error, error);
    }

    fake->disks[0].mode = FAKE_HANG;
    subject_look(&subject, COLLECTOR_ALL, CLOCK_NS_PER_S / 2);
    assert_int_equal(disks_observed(subject.disks, 0).error, ETIMEDOUT);
    assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
    assert_int_equal(disks_observed(subject.disks, DISKS - 1).error, EBUSY);
    pids[pid_count++] = fake->disks[0].pid;
    assert_int_equal(alive(pids, pid_count), HELPERS + 1);

    for (int i = 0; i < DISKS; i++)
        fake->disks[i].mode = FAKE_OK;
    FAKE_WAIT(looks_well(&subject, DISKS) && alive(pids, pid_count) == 1);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    for (int i = 0; i < DISKS; i++) {
        assert_int_equal(disks_observed(subject.disks, (size_t)i).error, 0);
        assert_int_equal(fake->disks[i].pid, fake->disks[0].pid);
    }
    subject_close(&subject);
}

/* The end does not wait for a helper that hangs; the helper is killed, and it had kept nothing of
 * what was open here but its socket. */
static void test_end(void **state)
{
    struct subject subject = open_three();
    struct dirent **entries = NULL;
    char path[64];
    int status = 0;

    (void)state;
    fake->disks[1].mode = FAKE_HANG;
    subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS);
    int pid = fake->disks[1].pid;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    int count = scandir(path, &entries, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) { /* a checker that the test runs under keeps some far up */
        long fd = strtol(entries[i]->d_name, NULL, 10);

        assert_true(fd == 0 || fd > 100);
        free(entries[i]);
    }
    free(entries);

    int64_t begin_ns = clock_mono_ns();
    subject_close(&subject);
    assert_true(clock_mono_ns() - begin_ns < FAKE_SOON_NS);
    if (waitpid(pid, &status, 0) == pid)
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_killed_in_a_call), TEST(test_deadly), TEST(test_killed_between),
        TEST(test_signals),          TEST(test_limit),  TEST(test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
