/* A run_dir in which somebody else was, or that is full, or read-only. */
#include "tests/unit/marked.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

enum kind {
    LINK_TO_FILE,
    LINK_TO_NOTHING,
    LINK_TO_DIRECTORY,
    LINK_TO_ITSELF,
    HARD_LINK,
    FOREIGN_FILE,
    FIFO,
    SOCKET,
    NARROW,
    WIDE,
    KINDS
};

static void place_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void place(enum kind kind, const char *name, const char *text)
{
    const char *path = path_of(name);
    int result = 0;

    switch (kind) {
    case LINK_TO_FILE:
        result = symlink(path_of("theirs"), path);
        break;
    case LINK_TO_NOTHING:
        result = symlink(path_of("nothing"), path);
        break;
    case LINK_TO_DIRECTORY:
        result = symlink(directory, path);
        break;
    case LINK_TO_ITSELF:
        result = symlink(path, path);
        break;
    case HARD_LINK:
        result = link(path_of("theirs"), path);
        break;
    case FOREIGN_FILE:
        put(name, text, 0644);
        result = geteuid() == 0 ? chown(path, NOBODY, NOBODY) : chmod(path, 0400);
        break;
    case FIFO:
        result = mkfifo(path, 0644);
        break;
    case SOCKET:
        place_socket(path);
        break;
    default:
        put(name, text, kind == NARROW ? 0600 : 0666);
    }
    assert_int_equal(result, 0);
}

/* Whatever stands in a file's place, even with the right words in it, it goes; what it led to is as
 * it was. */
static void test_in_a_markers_place(void **state)
{
    static const char *const places[] = {NODE, LOGS, DATA, BESIDE, NODE "-old"};

    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            teardown(state);
            setup(state);
            assert_int_equal(open_marks(), 0);
            put("theirs", "7 logs\n", 0644);
            place((enum kind)kind, places[i], strcmp(places[i], DATA) == 0 ? "" : "7 logs\n");
            if (i % 2) /* with an opening between, or without */
                assert_int_equal(open_marks(), 0);
            assert_int_equal(mark(7, 0, 7), 0);
            check_marker(NODE, "7 logs\n");
            check_marker(LOGS, "7 logs\n");
            check_marker(DATA, "");
            check_marker("theirs", "7 logs\n");
            assert_string_equal(content(BESIDE), "-");
            assert_string_equal(content(NODE "-old"), "-");
            assert_string_equal(content("nothing"), "-");
        }
    }
}

/* A directory stays, and is told; the others are brought in line. */
static void test_directory_in_place(void **state)
{
    static const char *const places[] = {NODE, DATA};

    for (int i = 0; i < 2; i++) {
        teardown(state);
        setup(state);
        assert_int_equal(open_marks(), 0);
        assert_int_equal(mkdir(path_of(places[i]), 0755), 0);
        struct stat before = stat_of(places[i]);
        assert_int_equal(open_marks(), 0);
        assert_int_equal(mark(7, 7, 8), EISDIR);
        assert_string_equal(said, i == 0 ? "parachute-activated: Is a directory"
                                         : "parachute-activated-data: Is a directory");
        assert_int_equal(stat_of(places[i]).st_ino, before.st_ino);
        check_marker(places[1 - i], i == 0 ? "7 data\n" : "7 data logs\n");
        check_marker(LOGS, "8 logs\n");
        assert_string_equal(content(BESIDE), "-");
        before = stat_of("run/parachute");
        assert_int_equal(mark(7, 7, 8), EISDIR);
        struct stat after = stat_of("run/parachute"); /* whoever watches it is left alone */
        assert_memory_equal(&after.st_mtim, &before.st_mtim, sizeof after.st_mtim);
        assert_int_equal(rmdir(path_of(places[i])), 0);
        assert_int_equal(mark(7, 7, 8), 0);
        check_marker(NODE, "7 data logs\n");
        check_marker(DATA, "7 data\n");
    }
}

/* One of a disk that is not observed is nobody's concern. */
static void test_other_directory(void **state)
{
    (void)state;
    assert_int_equal(open_marks(), 0);
    assert_int_equal(mkdir(path_of(NODE "-old"), 0755), 0);
    assert_int_equal(open_marks(), 0);
    assert_int_equal(mark(7, 7, 8), 0);
    stat_of(NODE "-old");
}

/* In the folder's place: how it is made, the error, and a word of the answer. */
static const struct {
    const char *name;
    const char *link; /* to what; NULL: it is none */
    mode_t mode;      /* 0: a file */
    uid_t owner;
    int error;
    const char *said;
} places[] = {
    {"run/parachute", "theirs", 0, 0, ENOTDIR, "parachute: Not a directory"},
    {"run/parachute", "nothing", 0, 0, ENOTDIR, "parachute: Not a directory"},
    {"run/parachute", NULL, 0, 0, ENOTDIR, "parachute: Not a directory"},
    {"run/parachute", NULL, 0775, 0, EPERM, "parachute: others can write to it"},
    {"run/parachute", NULL, 0757, 0, EPERM, "parachute: others can write to it"},
    {"run/parachute", NULL, 0755, NOBODY, EPERM, "parachute: belongs to another user"},
    {"run", NULL, 0, 0, ENOTDIR, "run: Not a directory"},
    {"run", "nothing", 0, 0, ENOENT, "run: No such file"},
    {"run", "theirs", 0, NOBODY, EPERM, "run: another user's link"},
    {"run", "theirs", 0, 0, 0, ""},
    {"run", NULL, 0777, 0, 0, ""},
    {"run/parachute", NULL, 0700, 0, 0, ""},
};

static void test_in_the_folders_place(void **state)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *name = places[i].name;

        if (places[i].owner != 0 && geteuid() != 0)
            continue;
        teardown(state);
        setup(state);
        assert_int_equal(mkdir(path_of("theirs"), 0755), 0);
        if (strcmp(name, "run") != 0)
            assert_int_equal(mkdir(run_dir, 0755), 0);
        if (places[i].link)
            assert_int_equal(symlink(path_of(places[i].link), path_of(name)), 0);
        else if (places[i].mode == 0)
            put(name, "", 0644);
        else
            assert_int_equal(mkdir(path_of(name), 0700) + chmod(path_of(name), places[i].mode), 0);
        if (places[i].owner != 0)
            assert_int_equal(lchown(path_of(name), places[i].owner, places[i].owner), 0);
        assert_int_equal(open_marks(), places[i].error);
        assert_non_null(strstr(said, places[i].said));
        assert_int_equal(mark(7, 7, 0), places[i].error);
        assert_non_null(strstr(said, places[i].said));
        if (places[i].error == 0)
            check_marker(NODE, "7 data\n");
        else
            assert_int_equal(rmdir(path_of("theirs")), 0); /* nothing was made there */
        if (places[i].error != 0 && places[i].mode != 0)
            assert_int_equal(rmdir(path_of(name)), 0);
    }
}

/* Runs it as root in a mount namespace of its own, where run_dir is a file system with these
 * options. */
static void in_mount(const char *options, bool (*run)(void))
{
    int status = 0;

    assert_int_equal(mkdir(run_dir, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", run_dir, "tmpfs", 0, options) < 0)
            _exit(77);
        _exit(run() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* mounting is for root only */
    assert_int_equal(status, 0);
}

static bool is(const char *name, const char *text)
{
    return strcmp(content(name), text) == 0;
}

/* What was true stays whole; what needs no room is brought in line; nothing is left behind. */
static bool full_disk(void)
{
    char page[4096] = "";

    if (mark(7, 7, 0) != 0)
        return false;
    int filler = open(path_of("run/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(filler, page, sizeof page) > 0)
        ;
    close(filler);
    bool failed = mark(9, 7, 9) == ENOSPC && strstr(said, "-logs: No space left") != NULL &&
                  is(NODE, "7 data\n") && is(DATA, "7 data\n") && is(LOGS, "") && is(BESIDE, "-");
    bool released = mark(0, 0, 0) == 0 && is(NODE, "") && is(DATA, "") && is(LOGS, "");
    return failed && released && unlink(path_of("run/filler")) == 0 && mark(9, 7, 9) == 0 &&
           is(NODE, "9 data logs\n");
}

static void test_full_disk(void **state)
{
    (void)state;
    in_mount("size=32k", full_disk);
}

static bool no_inode(void)
{
    return open_marks() == 0 && mark(0, 0, 0) == ENOSPC && is(DATA, "") && is(LOGS, "-") &&
           is(BESIDE, "-");
}

static void test_no_inode(void **state)
{
    (void)state;
    in_mount("nr_inodes=3", no_inode);
}

static bool remount(unsigned long flags)
{
    return mount(NULL, run_dir, NULL, MS_REMOUNT | flags, NULL) == 0;
}

/* What is right already needs no writing; what cannot be removed is told with the jobs. */
static bool read_only(void)
{
    if (open_marks() != 0 || mark(7, 7, 0) != 0 || !remount(MS_RDONLY))
        return false;
    bool right = open_marks() == 0 && mark(7, 7, 0) == 0 && mark(7, 7, 8) == EROFS &&
                 strstr(said, "Read-only") && is(LOGS, "");
    bool again = remount(0) && mark(7, 7, 8) == 0;
    put(NODE "-old", "1 old\n", 0644);
    bool left = remount(MS_RDONLY) && open_marks() == 0 && said[0] == '\0' &&
                mark(7, 7, 8) == EROFS && strstr(said, "-old: Read-only");
    bool missing = remount(0) && rename(path_of("run/parachute"), path_of("run/away")) == 0 &&
                   remount(MS_RDONLY) && open_marks() == EROFS && mark(7, 7, 8) == EROFS;
    return right && again && left && missing;
}

static void test_read_only(void **state)
{
    (void)state;
    in_mount("size=1m", read_only);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_in_a_markers_place), TEST(test_directory_in_place),
        TEST(test_other_directory),    TEST(test_in_the_folders_place),
        TEST(test_full_disk),          TEST(test_no_inode),
        TEST(test_read_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
