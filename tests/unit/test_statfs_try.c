/* The calls on one mount point that do not wait, against the real machine. */
#include "collector/statfs.h"
#include "tests/unit/proc/mount_id.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");

    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void need_openat2(void)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);

    if (fd < 0)
        skip(); /* before Linux 5.12, or a filter is in force */
    close(fd);
}

/* Without waiting the answers are the same; what takes a helper to know is none. */
static void test_try(void **state)
{
    static const struct {
        const char *path;
        const char *mount;
        uint64_t id_off;
        bool answered;
        enum statfs_outcome outcome;
    } cases[] = {
        {"/", "/", 0, true, STATFS_OK},
        {"/", "/", 1000000, true, STATFS_OTHER_MOUNT},
        {"/proc", "/proc", 0, true, STATFS_OK},
        {"/proc", "/proc", 1000000, true, STATFS_OTHER_MOUNT},
        {"/etc/passwd", "/", 0, true, STATFS_NOT_DIRECTORY},
        {"/no/such/place", "/", 0, false, STATFS_OTHER_MOUNT},
        {"/dev/null/below", "/", 0, false, STATFS_OTHER_MOUNT},
    };
    struct statfs_result result = {0};
    int before = open_files();
    char path[2 * 4096];

    (void)state;
    need_openat2();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct statfs_result read = {0};
        uint64_t id = mount_id(cases[i].mount) + cases[i].id_off;

        if (id == 0)
            continue;                          /* in a chroot, whose root is no mount */
        statfs_read(cases[i].path, id, &read); /* brings it into the kernel's caches, too */
        assert_int_equal(read.outcome, cases[i].outcome);
        assert_int_equal(statfs_try(cases[i].path, id, false, &result), cases[i].answered);
        if (!cases[i].answered)
            continue;
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_int_equal(result.total_bytes, read.total_bytes);
    }
    assert_true(statfs_try("/", 0, true, &result)); /* trusted, it is not asked which mount it is */
    assert_int_equal(result.outcome, STATFS_OK);
    assert_true(statfs_try("/proc", 1000000, true, &result)); /* this costs nothing */
    assert_int_equal(result.outcome, STATFS_OTHER_MOUNT);
    memset(path, '/', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_false(statfs_try(path, mount_id("/"), false, &result));
    assert_int_equal(open_files(), before);
}

/* Where the kernel has to leave its caches on the way it does not; here, for a link of /proc. */
static void test_try_uncached(void **state)
{
    struct statfs_result result = {0};
    char path[64];
    int fd = open("/proc", O_PATH | O_CLOEXEC);

    (void)state;
    need_openat2();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    statfs_read(path, mount_id("/proc"), &result);
    assert_int_equal(result.outcome, STATFS_OK);
    assert_false(statfs_try(path, mount_id("/proc"), false, &result));
    close(fd);
}

/* 0: it was not answered and came back. */
static int try_filtered(int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    struct statfs_result result = {0};
    uint64_t id = mount_id("/proc");

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        return 2;
    if (statfs_try("/proc", id, false, &result))
        return 1;
    statfs_read("/proc", id, &result); /* as the helper does */
    return result.outcome == STATFS_OK ? 0 : 1;
}

/* An old kernel, or a filter of system calls, leaves it to the helper. */
static void test_try_refused(void **state)
{
    static const int errors[] = {EPERM, ENOSYS, EINVAL, EAGAIN, EACCES};

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        int status = 0;
        pid_t child = fork();

        if (child == 0)
            _exit(try_filtered(errors[i]));
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
            skip(); /* no filter can be set here */
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_try),
        cmocka_unit_test(test_try_uncached),
        cmocka_unit_test(test_try_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
