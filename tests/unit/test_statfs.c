/* The calls on one mount point, against the real machine, and the numbers that they may give. */
#include "base/snapshot.h"
#include "collector/statfs.h"
#include "tests/unit/proc/mount_id.h"

#include <errno.h>
#include <sys/statvfs.h>

static void test_root(void **state)
{
    uint64_t id = mount_id("/");
    struct statfs_result result = {0};
    struct statvfs before = {0};
    struct statvfs after = {0};

    (void)state;
    if (id == 0)
        skip(); /* in a chroot, whose root is no mount */
    assert_int_equal(statvfs("/", &before), 0);
    statfs_read("/", id, &result);
    assert_int_equal(statvfs("/", &after), 0);
    assert_int_equal(result.outcome, STATFS_OK);
    assert_int_equal(result.total_bytes, before.f_blocks * before.f_frsize);
    if (before.f_bfree == after.f_bfree && before.f_bavail == after.f_bavail) {
        assert_int_equal(result.used_bytes, (before.f_blocks - before.f_bfree) * before.f_frsize);
        assert_int_equal(result.free_bytes, before.f_bavail * before.f_frsize);
    }
    if (before.f_files > 0 && before.f_ffree == after.f_ffree &&
        before.f_favail == after.f_favail) {
        assert_int_equal(result.inodes_used, before.f_files - before.f_ffree);
        assert_int_equal(result.inodes_free, before.f_favail);
    }
}

static void test_another_mount(void **state)
{
    struct statfs_result result = {0};

    (void)state;
    statfs_read("/proc", mount_id("/proc") + 1000000, &result);
    assert_int_equal(result.outcome, STATFS_OTHER_MOUNT);
    statfs_read("/no/such/place", 1, &result);
    assert_int_equal(result.outcome, STATFS_OTHER_MOUNT);
    statfs_read("/dev/null/below", 1, &result);
    assert_int_equal(result.outcome, STATFS_OTHER_MOUNT);
    statfs_read("/proc", mount_id("/proc"), &result);
    assert_int_equal(result.outcome, STATFS_OK);
}

/* A mount on a file is told by the file's type: here, by a file of /proc with /proc's own id. */
static void test_not_a_directory(void **state)
{
    struct statfs_result result = {0};

    (void)state;
    statfs_read("/proc/version", mount_id("/proc"), &result);
    assert_int_equal(result.outcome, STATFS_NOT_DIRECTORY);
}

/* A path longer than any one call takes is walked in parts, wherever the cuts fall. */
static void test_long_path(void **state)
{
    struct statfs_result result = {0};
    char path[3 * 4096];

    (void)state;
    for (int shift = 0; shift < 6; shift++) {
        size_t len = (size_t)snprintf(path, sizeof path, "/proc");

        for (int i = 0; i < shift; i++)
            len += (size_t)snprintf(path + len, sizeof path - len, "/.");
        while (len + 4 < sizeof path)
            len += (size_t)snprintf(path + len, sizeof path - len, "//.");
        statfs_read(path, mount_id("/proc"), &result);
        assert_int_equal(result.outcome, STATFS_OK);
    }

    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    statfs_read(path, 1, &result);
    assert_int_equal(result.outcome, STATFS_FAILED);
    assert_int_equal(result.error, ENAMETOOLONG);
}

struct row {
    const char *what;
    uint64_t frsize, blocks, bfree, bavail;
    uint64_t total, used, free;
};

#define TOP UINT64_MAX
#define CAP ((uint64_t)SNAPSHOT_VALUE_MAX)

static const struct row rows[] = {
    {"plain", 4096, 1000, 400, 300, 4096000, 2457600, 1228800},
    {"empty", 4096, 0, 0, 0, 0, 0, 0},
    {"more free than there is", 4096, 1000, 1001, 300, 4096000, 0, 1228800},
    {"more available than there is", 512, 1000, 400, 2000, 512000, 307200, 1024000},
    {"available below zero", 512, 1000, 400, TOP - 4, 512000, 307200, 0},
    {"products that overflow", 4096, TOP / 2, 0, TOP / 2, CAP, CAP, CAP},
    {"just at the cap", 1, CAP, 0, CAP, CAP, CAP, CAP},
    {"just over the cap", 1, CAP + 1, 0, CAP + 1, CAP, CAP, CAP},
    {"no block size", 0, 1000, 400, 300, 0, 0, 0},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        const struct statvfs fs = {.f_frsize = row->frsize,
                                   .f_blocks = row->blocks,
                                   .f_bfree = row->bfree,
                                   .f_bavail = row->bavail};
        struct statfs_result result = {0};

        statfs_count(&fs, &result);
        if (result.total_bytes != row->total || result.used_bytes != row->used ||
            result.free_bytes != row->free)
            fail_msg("%s: %" PRIu64 " %" PRIu64 " %" PRIu64, row->what, result.total_bytes,
                     result.used_bytes, result.free_bytes);
    }
}

/* Inodes are counted alike, whatever the size of a block is. */
static void test_inodes(void **state)
{
    static const struct {
        const char *what;
        uint64_t files, ffree, favail;
        uint64_t used, free;
    } cases[] = {
        {"plain", 1000, 400, 300, 600, 300},
        {"a single one", 1, 1, 1, 0, 1},
        {"full", 1000, 0, 0, 1000, 0},
        {"none reported", 0, 0, 0, 0, 0},
        {"none reported, but free ones", 0, 400, 300, 0, 0},
        {"more free than there are", 1000, 1001, 300, 0, 300},
        {"more available than there are", 1000, 400, 2000, 600, 2000},
        {"available below zero", 1000, 400, TOP - 4, 600, 0},
        {"all below zero", TOP, TOP, TOP, 0, 0},
        {"just at the cap", CAP, 0, CAP, CAP, CAP},
        {"just over the cap", CAP + 1, 0, CAP + 1, CAP, CAP},
        {"beyond all", TOP, 0, TOP / 2, CAP, CAP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct statvfs fs = {.f_frsize = 4096,
                                   .f_files = cases[i].files,
                                   .f_ffree = cases[i].ffree,
                                   .f_favail = cases[i].favail};
        struct statfs_result result = {0};

        statfs_count(&fs, &result);
        if (result.inodes_used != cases[i].used || result.inodes_free != cases[i].free)
            fail_msg("%s: %" PRIu64 " %" PRIu64, cases[i].what, result.inodes_used,
                     result.inodes_free);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_another_mount),
        cmocka_unit_test(test_not_a_directory),
        cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_inodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
