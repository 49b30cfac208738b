/* Other options while it runs: what the next look says, and what stays as it was. */
#include "base/log.h"
#include "tests/unit/heard.h"
#include "tests/unit/proc/three_disks.h"

#include <malloc.h>

#define MANY 1000

static size_t entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* Living or not; those that the tests before left are never reaped. */
static size_t children(void)
{
    char path[64];
    char text[1024] = "";
    size_t count = 0;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    for (size_t i = 0; i < len; i++)
        count += text[i] == ' ';
    fclose(file);
    return count;
}

/* No more helpers than there were, once those that a slow look was given have ended. */
static bool helpers_are(const struct subject *subject, size_t helpers)
{
    subject_look(subject, COLLECTOR_ALL, FAKE_LONG_NS);
    return children() <= helpers;
}

static int adapt(const struct subject *subject, const struct collector_options *options)
{
    struct collector_options all = *options;

    all.proc = fake->proc;
    return disks_adapt(subject->disks, &all);
}

/* Each of the options, in the very next look. */
static void test_options(void **state)
{
    static const char *const observed[] = {"/c", "/b"};
    static const char *const types[] = {"tmpfs"};
    static const char *const patterns[] = {"/c"};
    static const struct collector_name names[] = {{"/a", "alpha"}, {"/x", "b"}};
    const struct collector_options other = {.observed = observed,
                                            .observed_count = 2,
                                            .extra_types = types,
                                            .extra_type_count = 1,
                                            .exclude_mounts = patterns,
                                            .exclude_mount_count = 1,
                                            .names = names,
                                            .name_count = 2};
    struct subject subject;

    (void)state;
    for (int i = 0; i < 3; i++)
        fake_add(three[i], "ext4");
    fake_add("/shm", "tmpfs");
    subject = subject_open(&three_observed);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);

    assert_int_equal(adapt(&subject, &other), 0);
    assert_string_equal(disks_observed_name(subject.disks, 0), "c");
    assert_string_equal(disks_observed_name(subject.disks, 1), "b_2"); /* /x has it now */
    assert_int_equal(disks_observed(subject.disks, 0).state, READING_UNKNOWN);
    subject_look(&subject, COLLECTOR_OBSERVED, FAKE_LONG_NS);
    assert_int_equal(disks_observed(subject.disks, 0).total_bytes, FAKE_TOTAL(2));
    assert_int_equal(disks_observed(subject.disks, 1).total_bytes, FAKE_TOTAL(1));
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("alpha", "1000000")
                                 LINES_OK("b_2", "1001000") LINES_OK("shm", "1003000"));

    /* Back again: a mount point keeps the name that we made, not one that the options chose. */
    assert_int_equal(adapt(&subject, &three_observed), 0);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("a", "1000000")
                                 LINES_OK("b_2", "1001000") LINES_OK("c", "1002000"));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(disks_observed(subject.disks, i).total_bytes, FAKE_TOTAL(i));
    subject_close(&subject);
}

/* Two that swap their names. */
static void test_swap(void **state)
{
    static const struct collector_name names[] = {{"/a", "b"}, {"/b", "a"}};
    struct collector_options other = three_observed;
    struct subject subject = open_three();

    (void)state;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    other.names = names;
    other.name_count = 2;
    assert_int_equal(adapt(&subject, &other), 0);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 0\n" LINES_OK("b", "1000000")
                                 LINES_OK("a", "1001000") LINES_OK("c", "1002000"));
    subject_close(&subject);
}

/* The same options, elsewhere in memory: what was found stays, nothing is made anew. */
static void test_same(void **state)
{
    char *texts[] = {strdup("/a"), strdup("/b"), strdup("/c")};
    const struct collector_options same = {.observed = (const char *const *)texts,
                                           .observed_count = 3};
    struct subject subject = open_three();

    (void)state;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    const char *name = disks_observed_name(subject.disks, 0);
    assert_int_equal(adapt(&subject, &same), 0);
    for (size_t i = 0; i < 3; i++) {
        expect(&subject, i, 0);
        free(texts[i]);
    }
    assert_ptr_equal(disks_observed_name(subject.disks, 0), name);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    subject_close(&subject);
}

/* What hangs goes on to hang, under whatever name, and has one call, also where nobody wants it for
 * a while. */
static void test_hang(void **state)
{
    static const char *const observed[] = {"/c"};
    static const char *const patterns[] = {"/b"};
    static const struct collector_name names[] = {{"/b", "beta"}};
    const struct collector_options without = {.observed = observed,
                                              .observed_count = 1,
                                              .exclude_mounts = patterns,
                                              .exclude_mount_count = 1};
    struct collector_options renamed = three_observed;
    struct subject subject = open_three();

    (void)state;
    renamed.names = names;
    renamed.name_count = 1;
    fake->disks[1].mode = FAKE_HANG;
    subject_look(&subject, COLLECTOR_ALL, FAKE_SHORT_NS);
    subject_expect(&subject, b_failed);
    size_t helpers = children();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(adapt(&subject, i % 2 ? &without : &renamed), 0);
        assert_int_equal(disks_stuck(subject.disks), 1);
        assert_true(subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS) < FAKE_SOON_NS);
        subject_expect(&subject, i % 2 ? "system.disk.error 0\n" LINES_OK("a", "1000000")
                                             LINES_OK("c", "1002000")
                                       : "system.disk.error 0\n" LINES_OK("a", "1000000")
                                             LINES_FAILED("beta") LINES_OK("c", "1002000"));
    }
    assert_int_equal(fake->disks[1].calls, 1);
    FAKE_WAIT(helpers_are(&subject, helpers));

    assert_int_equal(adapt(&subject, &renamed), 0);
    fake->disks[1].mode = FAKE_OK;
    subject_step(&subject);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    expect(&subject, 1, 0);
    assert_int_equal(disks_stuck(subject.disks), 0);
    subject_close(&subject);
}

/* A disk that stands on is the same one: what it complained of is not said again. */
static void test_complaint(void **state)
{
    static const struct collector_name names[] = {{"/b", "beta"}};
    struct collector_options renamed = three_observed;
    struct subject subject = open_three();
    char said[4096];

    (void)state;
    renamed.names = names;
    renamed.name_count = 1;
    fake->disks[1].mode = FAKE_FAIL;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    hear_log();
    assert_int_equal(adapt(&subject, &renamed), 0);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    heard_log(said);
    assert_string_equal(said, "");
    subject_close(&subject);
}

/* A mount table that cannot be read when the next look begins costs that look only. */
static void test_unreadable(void **state)
{
    static const char *const observed[] = {"/c"};
    const struct collector_options other = {.observed = observed, .observed_count = 1};
    struct subject subject = open_three();
    char path[128];

    (void)state;
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    assert_int_equal(adapt(&subject, &other), 0);
    snprintf(path, sizeof path, "%s/self/mountinfo", fake->proc);
    unlink(path);
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, "system.disk.error 1\n");
    assert_int_equal(disks_observed(subject.disks, 0).state, READING_UNKNOWN);
    fake_publish();
    subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
    subject_expect(&subject, all_ok);
    assert_int_equal(disks_observed(subject.disks, 0).total_bytes, FAKE_TOTAL(2));
    subject_close(&subject);
}

/* Over many it needs no more of anything. */
static void test_many(void **state)
{
    static const char *const observed[] = {"/c", "/d", "/a"};
    static const char *const patterns[] = {"/b*"};
    static const struct collector_name names[] = {{"/a", "alpha"}, {"/c", "b"}};
    const struct collector_options other = {.observed = observed,
                                            .observed_count = 3,
                                            .exclude_mounts = patterns,
                                            .exclude_mount_count = 1,
                                            .names = names,
                                            .name_count = 2};
    struct subject subject = open_three();
    size_t descriptors = 0;
    size_t series = 0;
    size_t bytes = 0;
    size_t helpers = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(adapt(&subject, i % 2 ? &three_observed : &other), 0);
        subject_look(&subject, COLLECTOR_ALL, FAKE_LONG_NS);
        if (i == 99) {
            descriptors = entries("/proc/self/fd");
            series = series_count(subject.series);
            helpers = children();
            bytes = mallinfo2().uordblks;
        }
    }
    FAKE_WAIT(helpers_are(&subject, helpers));
    assert_true(entries("/proc/self/fd") <= descriptors);
    assert_int_equal(series_count(subject.series), series);
    assert_true(mallinfo2().uordblks <= bytes + (size_t)8 * MANY);
    subject_close(&subject);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_options),   TEST(test_swap),       TEST(test_same), TEST(test_hang),
        TEST(test_complaint), TEST(test_unreadable), TEST(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
