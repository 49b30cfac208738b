/* Which files may be executed, or read as a configuration. */
#include "parachute/run/trust.h"
#include "tests/unit/act/commands.h"

#include <limits.h>

#define OTHER 65534 /* nobody */

static char why[TRUST_WHY_MAX];

static void check_as(const char *path, const struct trust_user *user, const char *said)
{
    int before = open_descriptors();
    struct stat opened;
    struct stat there;
    int fd = trust_open(path, user, why);

    if ((fd >= 0) != !said)
        print_message("%s: %s\n", path, fd >= 0 ? "opened" : why);
    assert_int_equal(fd >= 0, !said);
    if (fd >= 0) {
        assert_int_equal(fstat(fd, &opened), 0);
        assert_int_equal(stat(path, &there), 0);
        assert_int_equal(opened.st_ino, there.st_ino);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        close(fd);
    } else if (said) {
        if (!strstr(why, said))
            print_message("%s, not: %s\n", why, said);
        assert_non_null(strstr(why, said));
    }
    assert_int_equal(open_descriptors(), before);
}

/* NULL: it is good. */
static void check(const char *name, const char *said)
{
    check_as(path_of(name), &trust_ourselves, said);
}

static void make_dir(const char *name, mode_t mode)
{
    assert_int_equal(mkdir(path_of(name), 0755), 0);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

struct mode_case {
    mode_t dir;
    mode_t file;
    const char *said;
};

static void modes_are_looked_at(void **state)
{
    static const struct mode_case cases[] = {
        {0755, 0755, NULL},
        {0700, 0700, NULL},
        {01777, 0755, NULL},
        {0755, 0775, "dir/file is writable by others: chmod go-w"},
        {0755, 0757, "dir/file is writable by others: chmod go-w"},
        {0775, 0755, "dir is writable by others: chmod go-w"},
        {0757, 0755, "dir is writable by others: chmod go-w"},
        {0755, 0644, "dir/file cannot be executed by the command's user: chmod a+x"},
        {0755, 0610, NULL},
        {0755, 01757, "dir/file is writable by others"}, /* sticky means nothing for a file */
    };

    (void)state;
    if (geteuid() != 0)
        skip();
    make_dir("dir", 0755);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("dir/file", "", cases[i].file);
        assert_int_equal(chmod(path_of("dir"), cases[i].dir), 0);
        check("dir/file", cases[i].said);
    }
}

struct path_case {
    const char *name;
    const char *said;
};

static void paths_are_walked_as_the_kernel_does(void **state)
{
    static const struct path_case cases[] = {
        {"a/b/file", NULL},
        {"a//b/./file", NULL},
        {"a/b/../b/../../a/b/file", NULL},
        {"a/b/file/", "Not a directory"},
        {"a/b/file/.", "Not a directory"},
        {"a/b/file/x", "a/b/file cannot be looked at: Not a directory"},
        {"a/b", "a/b is a directory"},
        {"a/b/..", "a is a directory"},
        {"a/none/file", "a/none is not there"},
        {"fifo", "fifo is not a regular file"},
        {"relative", NULL},
        {"absolute", NULL},
        {"to-dir/file", NULL},
        {"to-dir/../b/file", NULL},
        {"chain", NULL},
        {"loop", "loop cannot be looked at: Too many levels of symbolic links"},
        {"nowhere", "gone is not there"},
    };
    char name[NAME_MAX + 2];

    (void)state;
    make_dir("a", 0755);
    make_dir("a/b", 0755);
    put("a/b/file", "", 0755);
    assert_int_equal(mkfifo(path_of("fifo"), 0755), 0);
    assert_int_equal(symlink("./a/b/file", path_of("relative")), 0);
    assert_int_equal(symlink(path_of("a/b/file"), path_of("absolute")), 0);
    assert_int_equal(symlink("a/b", path_of("to-dir")), 0);
    assert_int_equal(symlink("../relative", path_of("a/up")), 0);
    assert_int_equal(symlink("a/up", path_of("chain")), 0);
    assert_int_equal(symlink("loop", path_of("loop")), 0);
    assert_int_equal(symlink("gone", path_of("nowhere")), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i].name, cases[i].said);
    check_as("/", &trust_ourselves, "/ is a directory");
    check_as("bin/true", &trust_ourselves, "bin/true is not an absolute path");
    check_as("/bin/true", &trust_ourselves, NULL);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    check(name, "File name too long");
}

static void long_paths_are_told_by_their_end(void **state)
{
    char path[PATH_MAX + 100];

    (void)state;
    snprintf(path, sizeof path, "%s/", directory);
    for (size_t len = strlen(path); len < sizeof path - 1; len++)
        path[len] = '/';
    path[sizeof path - 1] = '\0';
    check_as(path, NULL, "File name too long");

    snprintf(path, sizeof path, "%s/%0200d", directory, 7);
    check_as(path, NULL, "0007 is not there");
    assert_int_equal(strncmp(why, "...0", 4), 0);

    /* Links that grow the path beyond all bounds. */
    memset(path, '/', sizeof path);
    snprintf(path + 4000, sizeof path - 4000, "%s", "bin");
    assert_int_equal(symlink(path, path_of("long")), 0);
    snprintf(path, sizeof path, "%s/long/%0200d", directory, 7);
    check_as(path, NULL, "File name too long");
}

static void owners_are_looked_at(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    make_dir("his", 0755);
    put("his/file", "", 0755);
    check("his/file", NULL);
    assert_int_equal(chown(path_of("his/file"), OTHER, 0), 0);
    check("his/file", "his/file belongs to user 65534: chown root");
    assert_int_equal(chown(path_of("his/file"), 0, 0), 0);
    assert_int_equal(chown(path_of("his"), OTHER, 0), 0);
    check("his/file", "his belongs to user 65534: chown root");

    /* As that user himself it is his. */
    assert_int_equal(seteuid(OTHER), 0);
    check("his/file", NULL);
    assert_int_equal(seteuid(0), 0);

    /* In a folder for everybody a link of his could be turned at any time. */
    make_dir("common", 01777);
    put("file", "", 0755);
    assert_int_equal(symlink("../file", path_of("common/link")), 0);
    check("common/link", NULL);
    assert_int_equal(lchown(path_of("common/link"), OTHER, 0), 0);
    check("common/link", "common/link belongs to user 65534");
    make_dir("common/dir", 0755);
    put("common/dir/file", "", 0755);
    check("common/dir/file", NULL);
    assert_int_equal(chown(path_of("common/dir"), OTHER, 0), 0);
    check("common/dir/file", "common/dir belongs to");
}

static void what_a_link_leads_through_is_looked_at_too(void **state)
{
    (void)state;
    make_dir("open", 0777);
    make_dir("good", 0755);
    put("good/file", "", 0755);
    assert_int_equal(symlink("../good/file", path_of("open/link")), 0);
    assert_int_equal(symlink("open/link", path_of("first")), 0);
    assert_int_equal(symlink("open/../good/file", path_of("through")), 0);
    char expected[200];

    snprintf(expected, sizeof expected, "%s/open is writable by others: chmod go-w", directory);
    check("first", expected);
    check("through", "open is writable by others");
    assert_int_equal(chmod(path_of("open"), 0755), 0);
    check("first", NULL);
    check("through", NULL);
}

struct user_case {
    mode_t dir;
    mode_t file;
    gid_t group; /* of both */
    const char *said;
};

static void another_user_must_be_able_to_execute(void **state)
{
    static const gid_t groups[] = {100, 101};
    static const struct trust_user other = {
        .uid = OTHER, .gid = 102, .groups = groups, .group_count = 2};
    static const struct trust_user root = {0};
    static const struct user_case cases[] = {
        {0755, 0755, 0, NULL},
        {0755, 0744, 0, "file cannot be executed"},
        {0744, 0755, 0, "dir cannot be entered"},
        {0751, 0751, 0, NULL},
        {0750, 0750, 101, NULL},
        {0750, 0750, 102, NULL},
        {0750, 0750, 103, "dir cannot be entered"},
        {0755, 0745, 101, "file cannot be executed"}, /* the group's bits count, not the others' */
    };

    (void)state;
    if (geteuid() != 0)
        skip();
    make_dir("dir", 0755);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("dir/file", "", cases[i].file);
        assert_int_equal(chmod(path_of("dir"), cases[i].dir), 0);
        assert_int_equal(chown(path_of("dir"), 0, cases[i].group), 0);
        assert_int_equal(chown(path_of("dir/file"), 0, cases[i].group), 0);
        check_as(path_of("dir/file"), &other, cases[i].said);
        check_as(path_of("dir/file"), &root, NULL);
    }
    put("dir/file", "", 0644);
    check_as(path_of("dir/file"), &root, "cannot be executed");
    put("dir/file", "", 0610);
    assert_int_equal(chmod(path_of("dir"), 0600), 0);
    check_as(path_of("dir/file"), &root, NULL);
    check_as(path_of("dir/file"), NULL, NULL); /* one that is only read */
    put("dir/file", "", 0666);
    check_as(path_of("dir/file"), NULL, "file is writable by others");
}

/* In a process of its own, whose root it is. */
static void the_root_directory_is_looked_at(void **state)
{
    int status = 0;

    (void)state;
    if (geteuid() != 0)
        skip();
    put("file", "", 0755);
    assert_int_equal(chmod(directory, 0757), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(chroot(directory) == 0 && trust_open("/file", NULL, why) < 0 &&
                      strcmp(why, "/ is writable by others: chmod go-w") == 0
                  ? 0
                  : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(modes_are_looked_at),
        TEST(paths_are_walked_as_the_kernel_does),
        TEST(long_paths_are_told_by_their_end),
        TEST(owners_are_looked_at),
        TEST(what_a_link_leads_through_is_looked_at_too),
        TEST(another_user_must_be_able_to_execute),
        TEST(the_root_directory_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
