/* The ring's directory: its lock, what is set aside, and how a new file takes the old one's place.
 */
#include "emitter/ring/ringdir.h"
#include "emitter/ring/ringfile.h"
#include "tests/unit/ringdirs.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* Its last part is made, no more. */
static void test_made(void **state)
{
    struct ringdir ringdir;
    pid_t holder = 0;

    (void)state;
    assert_int_equal(ringdir_open(&ringdir, path_of("other"), getpid(), &holder), 0);
    close_dir(&ringdir);
    assert_int_equal(rmdir(path_of("other")), 0);
    assert_int_equal(ringdir_open(&ringdir, path_of("other/deep"), getpid(), &holder), -1);
    assert_int_equal(errno, ENOENT);
    put("other", "file", 4);
    assert_int_equal(ringdir_open(&ringdir, path_of("other"), getpid(), &holder), -1);
    assert_int_equal(errno, ENOTDIR);
}

static void test_read(void **state)
{
    struct ringdir ringdir = open_dir();
    struct ringdir_image image;

    (void)state;
    assert_int_equal(ringdir_read(&ringdir, "ring", &image), -1);
    assert_int_equal(errno, ENOENT);
    put("ring", "", 0);
    assert_int_equal(ringdir_read(&ringdir, "ring", &image), -1);
    assert_int_equal(errno, ENOENT);
    put("ring", "abc", 3);
    assert_int_equal(ringdir_read(&ringdir, "ring", &image), 0);
    assert_int_equal(image.len, 3);
    assert_memory_equal(image.bytes, "abc", 3);
    ringdir_forget(&image);
    assert_null(image.bytes);

    take_away("ring");
    assert_int_equal(mkdir(path_of("ring"), 0700), 0);
    assert_int_equal(ringdir_read(&ringdir, "ring", &image), -1);
    assert_int_equal(errno, EINVAL);
    assert_null(image.bytes);
    take_away("ring");
    assert_int_equal(mkfifo(path_of("ring"), 0600), 0); /* and nobody writes to it */
    assert_int_equal(ringdir_read(&ringdir, "ring", &image), -1);
    assert_int_equal(errno, EINVAL);
    take_away("ring");
    put("other", "abc", 3);
    assert_int_equal(symlink("other", path_of("ring")), 0);
    assert_int_equal(ringdir_read(&ringdir, "ring", &image), -1);
    assert_int_equal(errno, ELOOP);
    close_dir(&ringdir);
}

/* At most three, the newest with the lowest number. */
static void test_set_aside(void **state)
{
    static const char *const left[] = {"one", "two", "three", "four", "five"};
    struct ringdir ringdir = open_dir();
    char aside[RINGDIR_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        put("ring", left[i], strlen(left[i]));
        assert_int_equal(ringdir_set_aside(&ringdir, "ring", aside), 0);
        assert_string_equal(aside, "ring.aside.1");
        assert_false(exists("ring"));
        check_content("ring.aside.1", left[i]);
        if (i > 0)
            check_content("ring.aside.2", left[i - 1]);
        if (i > 1)
            check_content("ring.aside.3", left[i - 2]);
    }
    assert_false(exists("ring.aside.4"));
    close_dir(&ringdir);
}

/* After each step of the change there is a file that has all, and the next start finds it. */
static void test_crash_in_change(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        struct ringdir ringdir = open_dir();

        put("ring", "old", 3);
        ringdir.keep = keep;
        assert_int_equal(ringdir_renew(&ringdir, 4096), 0);
        assert_true(exists("ring.next"));
        check_content("ring", "old"); /* crash here: the old one, and a new one that has not all */
        ringdir_mend(&ringdir);
        check_content("ring", "old");
        assert_int_equal(ringdir_write(&ringdir, 0, (const uint8_t *)"new", 4), 0);

        char aside[RINGDIR_NAME_MAX]; /* crash between the two renames */
        assert_int_equal(ringdir_set_aside(&ringdir, "ring", aside), 0);
        ringdir_mend(&ringdir);
        check_content("ring", "new");
        assert_false(exists("ring.next"));
        close_dir(&ringdir);
        take_away("ring");
        take_away("ring.aside.1");

        ringdir = open_dir();
        put("ring", "old", 3);
        ringdir.keep = keep;
        assert_int_equal(ringdir_renew(&ringdir, 4096), 0);
        assert_int_equal(ringdir_write(&ringdir, 0, (const uint8_t *)"new", 4), 0);
        assert_int_equal(ringdir_complete(&ringdir), 0);
        check_content("ring", "new");
        assert_false(exists("ring.next"));
        assert_int_equal(exists("ring.aside.1"), keep);
        if (keep)
            check_content("ring.aside.1", "old");
        assert_int_equal(ringdir_write(&ringdir, 3, (const uint8_t *)"er", 3), 0);
        assert_int_equal(ringdir_complete(&ringdir), 0); /* is done already */
        check_content("ring", "newer");
        close_dir(&ringdir);
        take_away("ring");
        take_away("ring.aside.1");
    }
}

/* What is there can be read; nothing can be written, and that is said. */
static bool read_only(void)
{
    struct ringdir ringdir;
    struct ringdir_image image;
    pid_t holder = 0;
    char aside[RINGDIR_NAME_MAX];

    if (ringdir_open(&ringdir, directory, getpid(), &holder) != 0)
        return false;
    ringdir_mend(&ringdir);
    bool found = ringdir_read(&ringdir, "ring", &image) == 0 && image.len == 3;
    ringdir_forget(&image);
    return found && ringdir_go_on(&ringdir) < 0 && errno == EROFS &&
           ringdir_renew(&ringdir, 4096) < 0 && errno == EROFS &&
           ringdir_set_aside(&ringdir, "ring", aside) < 0 && errno == EROFS;
}

/* In a mount namespace of its own. */
static void test_read_only(void **state)
{
    int status = 0;

    (void)state;
    put("ring", "abc", 3);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount(directory, directory, NULL, MS_BIND, NULL) < 0 ||
            mount(NULL, directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
            _exit(77);
        _exit(read_only() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* mounting is for root only */
    assert_int_equal(status, 0);
    check_content("ring", "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_made),      TEST(test_read), TEST(test_set_aside), TEST(test_crash_in_change),
        TEST(test_read_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
