/* Processes told from others that have their number. */
#include "parachute/run/process.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that waits for a signal, under a name that could be mistaken for more of the line. */
static pid_t start_child(pid_t group)
{
    int ready[2];
    char byte = 0;

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        setpgid(0, group);
        prctl(PR_SET_NAME, "a) Z 1 2 3 (b");
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    assert_true(pid > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

/* Waits until it has ended, and leaves it as a zombie. */
static void end_child(pid_t pid)
{
    siginfo_t info;

    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static bool readable(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    return poll(&pollfd, 1, 0) == 1;
}

static void a_process_is_known_by_its_start(void **state)
{
    struct process self = process_of(getpid());
    pid_t pid = start_child(0);
    struct process child = process_of(pid);
    struct process again = process_of(pid);

    (void)state;
    assert_int_equal(self.pid, getpid());
    assert_true(self.start > 0);
    assert_true(self.boot != 0);
    assert_int_equal(child.pid, pid);
    assert_true(child.start >= self.start);
    assert_int_equal(child.boot, self.boot);
    assert_int_equal(again.start, child.start);
    end_child(pid);
    assert_int_equal(process_of(pid).pid, 0);
    waitpid(pid, NULL, 0);
    assert_int_equal(process_of(pid).pid, 0);
    assert_int_equal(process_of(0).pid, 0);
    assert_int_equal(process_of(-1).pid, 0);
}

static void check_gone(const struct process *process)
{
    errno = 0;
    assert_int_equal(process_open(process), -1);
    assert_int_equal(errno, ESRCH);
    assert_true(process_gone(process));
}

static void check_there(const struct process *process)
{
    int fd = process_open(process);

    assert_false(process_gone(process));
    assert_true(fd >= 0);
    close(fd);
}

static void its_end_can_be_waited_for(void **state)
{
    pid_t pid = start_child(0);
    struct process child = process_of(pid);
    int fd = process_open(&child);

    (void)state;
    assert_true(fd >= 0);
    assert_false(readable(fd));
    assert_false(process_gone(&child));
    end_child(pid);
    assert_true(readable(fd));
    close(fd);
    check_gone(&child); /* a zombie is gone */
    waitpid(pid, NULL, 0);
    check_gone(&child);
}

static void another_with_its_number_is_none(void **state)
{
    struct process self = process_of(getpid());
    const struct process others[] = {
        {.pid = self.pid, .start = self.start - 1, .boot = self.boot},
        {.pid = self.pid, .start = self.start + 1, .boot = 0},
        {.pid = self.pid, .start = self.start, .boot = self.boot + 1},
        {.pid = 0, .start = self.start, .boot = self.boot},
        {.pid = -1, .start = self.start, .boot = self.boot},
        {.pid = 0},
    };
    const struct process unknown = {.pid = self.pid, .start = self.start};

    (void)state;
    int next = dup(STDIN_FILENO);
    close(next);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_gone(&others[i]);
    assert_int_equal(dup(STDIN_FILENO), next); /* no descriptor is left */
    close(next);
    check_there(&self);
    check_there(&unknown); /* of which boot, does not matter */
}

static void *hold(void *arg)
{
    pause();
    return arg;
}

static void one_whose_first_thread_has_ended_is_there(void **state)
{
    pthread_t thread;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pthread_create(&thread, NULL, hold, NULL);
        pthread_exit(NULL);
    }
    struct process child = process_of(pid);
    for (unsigned i = 0; i < 1000; i++) /* while it becomes so */
        check_there(&child);
    assert_int_equal(process_of(pid).start, child.start);
    end_child(pid);
    check_gone(&child);
    waitpid(pid, NULL, 0);
}

static void without_descriptors_it_is_there(void **state)
{
    pid_t pid = start_child(0);
    struct process child = process_of(pid);
    struct rlimit limit;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (rlim_t count = 0; count <= 4; count++) {
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){count, limit.rlim_max}), 0);
        bool gone = process_gone(&child);
        int fd = process_open(&child);
        int error = errno;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_false(gone);
        assert_int_equal(fd, -1); /* two are needed */
        assert_int_equal(error, EMFILE);
    }
    end_child(pid);
    waitpid(pid, NULL, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, limit.rlim_max}), 0);
    bool gone = process_gone(&child);
    int fd = process_open(&child);
    int error = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(gone);
    assert_int_equal(fd, -1);
    assert_int_equal(error, ESRCH);
}

/* In a process of its own, since it hides these from itself: 0 for all well, 1 for a process that
 * is taken for another, 2 where nothing can be hidden. */
static int look_with_hidden(const char *path, const char *kind, const struct process *process)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            (kind ? mount("none", path, kind, 0, NULL)
                  : mount("/dev/null", path, NULL, MS_BIND, NULL)) < 0)
            _exit(2);
        bool there = process_open(process) >= 0;
        bool hidden = kind != NULL;
        bool right = !process_gone(process) && there != hidden && (there || errno == ENOENT);
        _exit(right && process_of(process->pid).boot == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status == 2 << 8)
        skip();
    return status;
}

static void one_that_is_hidden_is_there(void **state)
{
    struct process self = process_of(getpid());

    (void)state;
    assert_int_equal(look_with_hidden("/proc/sys/kernel/random/boot_id", NULL, &self), 0);
    assert_int_equal(look_with_hidden("/proc", "tmpfs", &self), 0);
}

static void a_group_lives_as_long_as_one_of_it(void **state)
{
    pid_t leader = start_child(0);
    pid_t member = start_child(leader);

    (void)state;
    assert_true(process_group_lives(leader));
    end_child(leader);
    assert_true(process_group_lives(leader));
    end_child(member);
    assert_false(process_group_lives(leader));
    waitpid(leader, NULL, 0);
    waitpid(member, NULL, 0);
    assert_false(process_group_lives(leader));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_known_by_its_start),
        cmocka_unit_test(its_end_can_be_waited_for),
        cmocka_unit_test(another_with_its_number_is_none),
        cmocka_unit_test(one_whose_first_thread_has_ended_is_there),
        cmocka_unit_test(without_descriptors_it_is_there),
        cmocka_unit_test(one_that_is_hidden_is_there),
        cmocka_unit_test(a_group_lives_as_long_as_one_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
