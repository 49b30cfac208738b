/* The keeper on disks that do not take what it writes: full, read-only, not ours. */
#include "tests/unit/keepers.h"

#include <sched.h>
#include <sys/mount.h>

static struct kept kept;
static bool alone; /* what is mounted here is seen by this process only */

/* A disk of its own over the test's directory. */
static void mount_disk(const char *options)
{
    if (!alone || mount("none", directory, "tmpfs", 0, options) < 0)
        skip();
}

static void remount_disk(unsigned long flags, const char *options)
{
    assert_int_equal(mount("none", directory, "tmpfs", MS_REMOUNT | flags, options), 0);
}

static int own_mounts(void **state)
{
    (void)state;
    alone = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return 0;
}

/* Nothing takes up its room meanwhile; once there is room the next job makes the file. */
static void no_file_is_made_on_a_full_disk(void **state)
{
    (void)state;
    mount_disk("size=64k");
    assert_int_equal(kept_open(&kept), ENOSPC);
    assert_null(kept.heard.file);
    assert_int_equal(kind_of("parachute"), 0);
    assert_int_equal(kind_of("parachute.next"), 0);
    assert_int_equal(kept_store(&kept, 1), ENOSPC);
    remount_disk(0, "size=1m");
    assert_int_equal(kept_store(&kept, 2), 0);
    assert_true(kept.heard.made);
    kept_close(&kept);
    check_remembered(2, false);
    assert_int_equal(umount(directory), 0);
}

/* It has its room: all of it can be written though not a byte more fits on the disk. */
static void what_is_there_is_written_on_a_full_disk(void **state)
{
    static const char filling[4096] = "x";
    static struct record record;
    const struct record_end end = {.number = 1};
    struct bytes job = {0};
    size_t len = 0;

    (void)state;
    mount_disk("size=1m");
    assert_int_equal(kept_open(&kept), 0);
    int other = open(path_of("other"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(other, filling, sizeof filling) > 0)
        continue;
    assert_int_equal(errno, ENOSPC);
    close(other);
    records_fill(&record, 1, RECORD_DISKS_MAX);
    bytes_add(&job, "S", 1);
    assert_int_equal(record_encode(&record, &job), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(keeper_do(&kept.keeper, job.data, job.len, kept.answer, &len), 0);
    bytes_clean(&job);
    assert_int_equal(keeper_write_end(directory, &end), 0);
    assert_int_equal(kept_store(&kept, 2), 0);
    kept_close(&kept);
    check_remembered(2, false);
    assert_int_equal(umount(directory), 0);
}

/* What was set aside is said until it was said without an error. */
static void what_was_set_aside_is_not_forgotten(void **state)
{
    (void)state;
    mount_disk("size=64k");
    put("parachute", "shopping list", 13);
    assert_int_equal(kept_open(&kept), ENOSPC);
    assert_non_null(kept.heard.aside);
    assert_int_equal(kept_store(&kept, 1), ENOSPC);
    assert_non_null(kept.heard.aside);
    remount_disk(0, "size=1m");
    assert_int_equal(kept_store(&kept, 1), 0);
    assert_string_equal(kept.heard.aside, "its size is wrong");
    assert_int_equal(kept_store(&kept, 1), 0);
    assert_null(kept.heard.aside);
    kept_close(&kept);
    assert_int_equal(umount(directory), 0);
}

/* What is known is known also where nothing can be written any more. */
static void a_read_only_disk_is_read(void **state)
{
    const struct record_end end = {.number = 1};

    (void)state;
    mount_disk("size=1m");
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 4), 0);
    kept_close(&kept);
    remount_disk(MS_RDONLY, "");
    assert_int_equal(kept_open(&kept), EROFS);
    assert_int_equal(kept_decode(&kept), 0);
    records_check_seed(&kept.record, 4);
    assert_int_equal(kept_store(&kept, 5), EROFS);
    assert_int_equal(keeper_write_end(directory, &end), EROFS);
    remount_disk(0, "");
    assert_int_equal(kept_store(&kept, 6), 0);
    kept_close(&kept);
    check_remembered(6, false);
    assert_int_equal(umount(directory), 0);
}

static void a_directory_of_others_is_told(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(seteuid(65534), 0);
    int error = kept_open(&kept);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(error, EACCES);
    assert_null(kept.heard.file);
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 4), 0);
    kept_close(&kept);
    assert_int_equal(chmod(path_of("parachute"), 0644), 0);
    assert_int_equal(seteuid(65534), 0);
    error = kept_open(&kept);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(error, EACCES);
    assert_null(kept.heard.file); /* what others can write is not believed either */
}

/* A state directory that is none, and files the end must not be written to. */
static void no_place_for_it(void **state)
{
    const struct record_end end = {.number = 1};
    size_t len = 0;

    (void)state;
    kept.keeper = (struct keeper){.dir = "/dev/null"};
    assert_int_equal(keeper_open(&kept.keeper, kept.answer, &len), ENOTDIR);
    assert_int_equal(keeper_write_end("/dev/null", &end), ENOTDIR);
    put("other", "shopping list", 13);
    assert_int_equal(symlink("other", path_of("parachute")), 0);
    assert_int_equal(keeper_write_end(directory, &end), ELOOP);
    take_away("parachute");
    assert_int_equal(mkfifo(path_of("parachute"), 0600), 0);
    assert_int_equal(keeper_write_end(directory, &end), EINVAL);
    int reader = open(path_of("parachute"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(keeper_write_end(directory, &end), EINVAL);
    close(reader);
    take_away("parachute");
    put("parachute", "shopping list", 13);
    assert_int_equal(keeper_write_end(directory, &end), EINVAL);
    struct stat stat;
    assert_int_equal(lstat(path_of("parachute"), &stat), 0);
    assert_int_equal(stat.st_size, 13);
    take_away("parachute");
    assert_int_equal(mkdir(path_of("parachute"), 0700), 0);
    assert_int_equal(keeper_write_end(directory, &end), EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_file_is_made_on_a_full_disk),      TEST(what_is_there_is_written_on_a_full_disk),
        TEST(what_was_set_aside_is_not_forgotten), TEST(a_read_only_disk_is_read),
        TEST(a_directory_of_others_is_told),       TEST(no_place_for_it),
    };

    return cmocka_run_group_tests(tests, own_mounts, NULL);
}
