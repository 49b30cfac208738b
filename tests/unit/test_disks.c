/* Which mounts are disks, what is emitted of them, and what the parachute is told. */
#include "tests/unit/proc/fake_disks.h"

static void test_physical_only(void **state)
{
    (void)state;
    fake_add("/", "ext4");
    fake_add("/run", "tmpfs");
    fake_add("/var/vcap/data", "xfs");
    fake_add("/auto", "autofs");
    fake_add("/var/log", "ext4");
    fake_add("/file", "ext4");
    fake_add("/empty", "ext4");
    fake_add("/covered", "ext4");
    fake_add("/broken", "ext4");
    fake->disks[5].mode = FAKE_NOT_DIRECTORY;
    fake->disks[6].mode = FAKE_SIZELESS;
    fake->disks[7].mode = FAKE_OTHER;
    fake->disks[8].mode = FAKE_FAIL;

    struct subject subject = subject_open(NULL);
    for (int i = 1; i <= 3; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject, "system.disk.error 0\n" LINES_OK("system", "1000000")
                                     LINES_OK("ephemeral", "1002000") LINES_OK("var_log", "1004000")
                                         LINES_FAILED("broken"));
        assert_int_equal(fake->disks[0].calls, i);
        assert_int_equal(fake->disks[7].calls, i);
        assert_int_equal(fake->disks[1].calls, 0);
        assert_int_equal(fake->disks[3].calls, 0);
    }
    subject_close(&subject);
}

static void test_extra_and_excluded(void **state)
{
    static const char *const extra[] = {"tmpfs"};
    static const char *const exclude[] = {"/var/lib/*", "/snap"};
    static const struct collector_name names[] = {{"/run", "scratch"}};
    const struct collector_options options = {.extra_types = extra,
                                              .extra_type_count = 1,
                                              .exclude_mounts = exclude,
                                              .exclude_mount_count = 2,
                                              .names = names,
                                              .name_count = 1};

    (void)state;
    fake_add("/run", "tmpfs");
    fake_add("/var/lib/docker/overlay", "ext4");
    fake_add("/snap", "ext4");
    fake_add("/snap2", "ext4");
    struct subject subject = subject_open(&options);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("scratch", "1000000")
                                 LINES_OK("snap2", "1003000"));
    assert_int_equal(fake->disks[1].calls, 0);
    assert_int_equal(fake->disks[2].calls, 0);
    subject_close(&subject);
}

struct row {
    const char *mount;
    enum reading_state state;
    int error;
    int calls; /* by a look at the observed ones; -1: there is no such mount */
};

/* Observed are mounts of any type, excluded or not; only those are read, and emitted they are as
 * any other. */
static void test_observed(void **state)
{
    static const struct row rows[] = {
        {"/plain", READING_OK, 0, 1},
        {"/tmp.fs", READING_OK, 0, 1},
        {"/excluded", READING_OK, 0, 1},
        {"/broken", READING_FAILED, EIO, 1},
        {"/sizeless", READING_FAILED, ENODATA, 1},
        {"/file", READING_ABSENT, 0, 1},
        {"/covered", READING_ABSENT, 0, 1},
        {"/auto", READING_ABSENT, 0, 0},
        {"/nowhere", READING_ABSENT, 0, -1},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    static const char *const exclude[] = {"/ex*"};
    const char *observed[ROWS];

    (void)state;
    for (int i = 0; i < ROWS; i++)
        observed[i] = rows[i].mount;
    const struct collector_options options = {.exclude_mounts = exclude,
                                              .exclude_mount_count = 1,
                                              .observed = observed,
                                              .observed_count = ROWS};
    fake_add("/tmp/fs", "ext4"); /* would have its name, were it not observed */
    for (int i = 0; i < ROWS - 1; i++)
        fake_add(rows[i].mount, "ext4");
    snprintf(fake->disks[2].type, 16, "tmpfs");
    fake->disks[4].mode = FAKE_FAIL;
    fake->disks[5].mode = FAKE_SIZELESS;
    fake->disks[6].mode = FAKE_NOT_DIRECTORY;
    fake->disks[7].mode = FAKE_OTHER;
    snprintf(fake->disks[8].type, 16, "autofs");

    struct subject subject = subject_open(&options);
    assert_string_equal(disks_observed_name(subject.disks, 1), "tmp_fs");
    assert_string_equal(disks_observed_name(subject.disks, ROWS - 1), "nowhere");
    subject_look(&subject, COLLECTOR_OBSERVED, FAKE_LONG_NS);
    for (int i = 0; i < ROWS; i++) {
        struct reading reading = disks_observed(subject.disks, (size_t)i);

        if (reading.state != rows[i].state || reading.error != rows[i].error)
            fail_msg("%s: state %d, error %d", rows[i].mount, (int)reading.state, reading.error);
        if (rows[i].calls >= 0)
            assert_int_equal(fake->disks[i + 1].calls, rows[i].calls);
    }
    assert_int_equal(disks_observed(subject.disks, 0).total_bytes, FAKE_TOTAL(1));
    assert_int_equal(disks_observed(subject.disks, 0).used_bytes, 600);
    assert_int_equal(disks_observed(subject.disks, 0).free_bytes, 300);
    assert_int_equal(disks_observed(subject.disks, 0).inodes_used, 20);
    assert_int_equal(disks_observed(subject.disks, 0).inodes_free, 10);
    assert_int_equal(fake->disks[0].calls, 0);

    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("tmp_fs_2", "1000000")
                                 LINES_OK("plain", "1001000") LINES_FAILED("broken"));
    assert_int_equal(disks_observed(subject.disks, 2).total_bytes, FAKE_TOTAL(3));
    subject_close(&subject);
}

/* Mounts come and go: names stay, series do not pile up. */
static void test_coming_and_going(void **state)
{
    (void)state;
    fake_add("/a/b", "ext4");
    fake_add("/a.b", "ext4");
    struct subject subject = subject_open(NULL);
    for (int i = 0; i < 3; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject, "system.disk.error 0\n" LINES_OK("a_b", "1000000")
                                     LINES_OK("a_b_2", "1001000"));
        fake->disks[0].mounted = false;
        fake_publish();
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        subject_expect(&subject, "system.disk.error 0\n" LINES_OK("a_b_2", "1001000"));
        assert_int_equal(series_count(subject.series), 5);
        fake->disks[0].mounted = true;
        fake_publish();
    }
    subject_close(&subject);
}

/* A disk that turns out to be another mount while the table changed: the look goes on with it. */
static void test_moved_in_mid_look(void **state)
{
    static const char *const observed[] = {"/gone", "/new"};
    const struct collector_options options = {.observed = observed, .observed_count = 2};

    (void)state;
    fake_add("/", "ext4");
    fake_add("/gone", "ext4");
    fake_add("/new", "ext4");
    fake->disks[2].mounted = false;
    struct subject subject = subject_open(&options);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    assert_int_equal(disks_observed(subject.disks, 0).state, READING_OK);

    fake->disks[1].mounted = false;
    fake->disks[2].mounted = true;
    fake_publish_as("mountinfo.next");
    fake->disks[1].mode = FAKE_MOVED;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("system", "1000000")
                                 LINES_OK("new", "1002000"));
    assert_int_equal(fake->disks[0].calls, 2);
    assert_int_equal(disks_observed(subject.disks, 0).state, READING_ABSENT);
    assert_int_equal(disks_observed(subject.disks, 1).state, READING_OK);
    subject_close(&subject);
}

static void test_unreadable_table(void **state)
{
    static const char *const observed[] = {"/"};
    const struct collector_options options = {.observed = observed, .observed_count = 1};
    char path[128];

    (void)state;
    fake_add("/", "ext4");
    struct subject subject = subject_open(&options);
    subject_expect(&subject, "system.disk.error 1\n"); /* nothing was looked at yet */
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("system", "1000000"));

    snprintf(path, sizeof path, "%s/self/mountinfo", fake->proc);
    cases_write(path, "0 1 7:0 / / rw - ext4", 21);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 1\n");
    assert_int_equal(disks_observed(subject.disks, 0).state, READING_UNKNOWN);

    fake_publish();
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("system", "1000000"));
    assert_int_equal(disks_observed(subject.disks, 0).state, READING_OK);
    subject_close(&subject);
}

/* More than fit on a board at once. */
static void test_thousand(void **state)
{
    enum { MOUNTS = 1000 };
    char point[32];
    struct snapshot snapshot = {0};

    (void)state;
    for (int i = 0; i < MOUNTS; i++) {
        snprintf(point, sizeof point, "/pod/%d", i);
        fake_add(point, "ext4");
    }
    struct subject subject = subject_open(NULL);
    for (int i = 1; i <= 3; i++) {
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        snapshot_clear(&snapshot, 0);
        disks_emit(subject.disks, &snapshot);
        assert_int_equal(snapshot.count, 1 + 4 * MOUNTS);
        for (int k = 0; k < MOUNTS; k++) {
            assert_int_equal(fake->disks[k].calls, i);
            assert_int_equal(snapshot.values[1 + 4 * k], 0);
            assert_int_equal(snapshot.values[2 + 4 * k], FAKE_TOTAL(k));
        }
    }
    snapshot_clean(&snapshot);
    subject_close(&subject);
}

/* A mount point longer than the memory that is shared with a helper: an error of its own. */
static void test_endless_mount_point(void **state)
{
    enum { LEN = 300 << 10 };
    char path[128];
    char *point = malloc(LEN + 1);
    struct snapshot snapshot = {0};

    (void)state;
    memset(point, 'x', LEN);
    point[0] = '/';
    point[LEN] = '\0';
    fake_add("/a", "ext4");
    struct subject subject = subject_open(NULL);
    snprintf(path, sizeof path, "%s/self/mountinfo", fake->proc);
    FILE *out = fopen(path, "we");
    fprintf(out, "900 1 7:900 / %s rw - ext4 d rw\n0 1 7:0 / /a rw - ext4 d rw\n", point);
    fclose(out);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    disks_emit(subject.disks, &snapshot);
    assert_int_equal(snapshot.count, 1 + 1 + 4);
    assert_int_equal(snapshot.values[1], 1);
    assert_int_equal(snapshot.values[2], 0);
    assert_int_equal(snapshot.values[3], FAKE_TOTAL(0));
    snapshot_clean(&snapshot);
    free(point);
    subject_close(&subject);
}

static void test_second_look_refused(void **state)
{
    bool over = false;

    (void)state;
    fake_add("/", "ext4");
    fake->disks[0].mode = FAKE_HANG;
    struct subject subject = subject_open(NULL);
    subject_begin(&subject, COLLECTOR_ALL, FAKE_LONG_NS, &over);
    assert_int_equal(disks_look(subject.disks, COLLECTOR_ALL, 1, subject_set, &over), -1);
    fake->disks[0].mode = FAKE_OK;
    subject_end(&subject, &over);
    subject_close(&subject);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_physical_only),    TEST(test_extra_and_excluded),  TEST(test_observed),
        TEST(test_coming_and_going), TEST(test_moved_in_mid_look),   TEST(test_unreadable_table),
        TEST(test_thousand),         TEST(test_second_look_refused), TEST(test_endless_mount_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
