/* The marker files: what they say, when they are touched, and what goes. */
#include "tests/unit/marked.h"

/* Since when the node and two disks are activated, and what the three files hold then. */
static const struct {
    int64_t node_s, data_s, logs_s;
    const char *node, *data, *logs;
} truths[] = {
    {0, 0, 0, "", "", ""},
    {7, 7, 0, "7 data\n", "7 data\n", ""},
    {7, 7, 1760000000, "7 data logs\n", "7 data\n", "1760000000 logs\n"},
    {7, 0, 1760000000, "7 logs\n", "", "1760000000 logs\n"},
    {8, 0, 1760000001, "8 logs\n", "", "1760000001 logs\n"},
    {0, 0, 0, "", "", ""},
    {9, 0, 0, "9\n", "", ""},
};

static void test_truths(void **state)
{
    (void)state;
    int before = dup(STDIN_FILENO);
    assert_int_equal(open_marks(), 0);
    assert_string_equal(content(NODE), "-"); /* what is true is not known yet */
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++) {
        assert_int_equal(mark(truths[i].node_s, truths[i].data_s, truths[i].logs_s), 0);
        check_marker(NODE, truths[i].node);
        check_marker(DATA, truths[i].data);
        check_marker(LOGS, truths[i].logs);
        assert_string_equal(content(BESIDE), "-");
    }
    int after = dup(STDIN_FILENO);
    assert_int_equal(after, before + 1); /* no descriptor is left */
    close(before);
    close(after);
}

/* Whoever watches a file is woken by a change only. */
static void test_untouched(void **state)
{
    static const char *const files[] = {NODE, DATA, LOGS};
    struct stat before[3];

    (void)state;
    assert_int_equal(mark(7, 7, 0), 0);
    for (int i = 0; i < 3; i++)
        before[i] = stat_of(files[i]);
    struct stat folder = stat_of("run/parachute");
    assert_int_equal(open_marks(), 0);
    assert_int_equal(mark(7, 7, 0), 0);
    struct stat after = stat_of("run/parachute");
    assert_memory_equal(&after.st_mtim, &folder.st_mtim, sizeof after.st_mtim);
    for (int i = 0; i < 3; i++)
        assert_int_equal(stat_of(files[i]).st_ino, before[i].st_ino);

    assert_int_equal(mark(7, 7, 8), 0);
    assert_int_not_equal(stat_of(NODE).st_ino, before[0].st_ino);
    assert_int_equal(stat_of(DATA).st_ino, before[1].st_ino);
    assert_int_not_equal(stat_of(LOGS).st_ino, before[2].st_ino);
}

/* Whoever has a file open reads one truth to its end. */
static void test_whole(void **state)
{
    char text[16] = "";

    (void)state;
    assert_int_equal(mark(7, 7, 8), 0);
    int file = open(path_of(NODE), O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(file, text, 3), 3);
    assert_int_equal(mark(0, 0, 0), 0);
    assert_int_equal(read(file, text + 3, sizeof text - 4), 9);
    assert_string_equal(text, "7 data logs\n");
    close(file);
}

/* Modes are the same under every umask. */
static void test_umask(void **state)
{
    static const mode_t masks[] = {0, 022, 077, 0777};

    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        teardown(state);
        setup(state);
        mode_t before = umask(masks[i]);
        int error = open_marks();
        if (error == 0)
            error = mark(7, 7, 0);
        assert_int_equal(umask(before), masks[i]);
        assert_int_equal(error, 0);
        assert_int_equal(stat_of("run").st_mode, S_IFDIR | 0755);
        assert_int_equal(stat_of("run/parachute").st_mode, S_IFDIR | 0755);
        check_marker(NODE, "7 data\n");
    }
}

/* Only its last part is made. */
static void test_run_dir_missing(void **state)
{
    (void)state;
    snprintf(run_dir, sizeof run_dir, "%s/run/deep", directory);
    assert_int_equal(open_marks(), ENOENT);
    assert_non_null(strstr(said, run_dir));
    assert_int_equal(mark(7, 7, 0), ENOENT);
    assert_int_equal(mkdir(path_of("run"), 0700), 0);
    assert_int_equal(open_marks(), 0);
    assert_int_equal(mark(7, 7, 0), 0);
    check_marker("run/deep/parachute/" MARKS_NODE, "7 data\n");
    assert_int_equal(stat_of("run").st_mode, S_IFDIR | 0700);
}

/* Whatever goes while we run is there again with the next truth. */
static void test_lost(void **state)
{
    static const char *const lost[] = {"run", "run/parachute", NODE};

    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        teardown(state);
        setup(state);
        assert_int_equal(open_marks(), 0);
        assert_int_equal(mark(7, 7, 0), 0);
        assert_int_equal(rename(path_of(lost[i]), path_of("away")), 0);
        assert_int_equal(mark(7, 7, 0), 0);
        check_marker(NODE, "7 data\n");
        check_marker(LOGS, "");
    }
}

static const struct {
    const char *name;
    bool goes;
} leftovers[] = {
    {NODE "-old", true},
    {NODE "-", true},
    {NODE "-data2", true},
    {NODE "-dat", true},
    {BESIDE, true},
    {DATA, false},
    {NODE, false},
    {NODE "2", false},
    {"run/parachute/data", false},
    {"run/parachute/.parachute-activated.new2", false},
    {"run/parachute-activated-old", false},
};

/* What an earlier agent left goes when the folder is opened; nothing else does. */
static void test_leftovers(void **state)
{
    (void)state;
    assert_int_equal(open_marks(), 0);
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++)
        put(leftovers[i].name, "1 old\n", 0600);
    assert_int_equal(open_marks(), 0);
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++)
        assert_string_equal(content(leftovers[i].name), leftovers[i].goes ? "-" : "1 old\n");
    put(BESIDE, "half", 0400);
    assert_int_equal(mark(7, 0, 7), 0);
    assert_string_equal(content(BESIDE), "-");
    check_marker(DATA, "");
}

/* As many disks as there can be, with the longest names. */
static void test_most(void **state)
{
    static char long_names[MARKS_DISKS_MAX][209];
    static const char *pointers[MARKS_DISKS_MAX];
    static struct marks_job job = {.node_s = 7};
    const size_t len = sizeof job;
    size_t answer_len = 0;
    char name[400];

    (void)state;
    for (size_t i = 0; i < MARKS_DISKS_MAX; i++) {
        memset(long_names[i], 'x', 208);
        snprintf(long_names[i] + 204, 5, "%04zu", i);
        pointers[i] = long_names[i];
        job.disk_s[i] = 8;
    }
    struct marks many = {.run_dir = run_dir, .names = pointers, .count = MARKS_DISKS_MAX};
    assert_int_equal(marks_do(&many, &job, len, said, &answer_len), 0);
    assert_int_equal(stat_of(NODE).st_size, 2 + MARKS_DISKS_MAX * 209);
    snprintf(name, sizeof name, NODE "-%s", long_names[1023]);
    assert_int_equal(stat_of(name).st_size, 2 + 208 + 1);

    ino_t before = stat_of(NODE).st_ino;
    assert_int_equal(marks_do(&many, &job, len, said, &answer_len), 0);
    assert_int_equal(stat_of(NODE).st_ino, before);
    long_names[1023][207]++; /* the last byte of a long line */
    assert_int_equal(marks_do(&many, &job, len, said, &answer_len), 0);
    assert_int_not_equal(stat_of(NODE).st_ino, before);
    assert_string_equal(content(name), "-");
}

/* A job that is not for as many disks. */
static void test_wrong_size(void **state)
{
    const struct marks_job job = {.node_s = 7};
    size_t len = 0;

    (void)state;
    for (size_t size = 0; size < 64; size++) {
        if (size != 3 * sizeof(int64_t))
            assert_int_equal(marks_do(&marks, &job, size, said, &len), EINVAL);
    }
    assert_string_equal(content(NODE), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_truths), TEST(test_untouched),       TEST(test_whole),
        TEST(test_umask),  TEST(test_run_dir_missing), TEST(test_lost),
        TEST(test_most),   TEST(test_leftovers),       TEST(test_wrong_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
