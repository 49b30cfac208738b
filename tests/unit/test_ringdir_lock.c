/* The lock on the ring's directory: one agent at a time, and one that is gone is none. */
#include "tests/unit/ringdirs.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* An agent and its scribe, which has the lock until its byte of `go` comes. */
struct agent {
    pid_t pid;
    pid_t scribe;
    int go; /* closed, or a byte in it: the scribe lets go */
};

static _Noreturn void be_scribe(pid_t agent, int pids, int go)
{
    struct ringdir ringdir;
    pid_t holder = 0;
    pid_t own = getpid();
    char byte = 0;

    prctl(PR_SET_NAME, "altimeter-ring");
    if (ringdir_open(&ringdir, directory, agent, &holder) != 0)
        own = -1;
    (void)!write(pids, &own, sizeof own);
    (void)!read(go, &byte, 1);
    _exit(0);
}

static _Noreturn void be_agent(bool dies, int pids, int go)
{
    pid_t self = getpid();

    if (fork() == 0)
        be_scribe(self, pids, go);
    if (!dies)
        for (;;)
            pause();
    _exit(0);
}

static struct agent start_agent(bool dies)
{
    int pids[2];
    int go[2];
    struct agent agent;

    assert_int_equal(pipe(pids), 0);
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    agent.pid = fork();
    if (agent.pid == 0) {
        close(go[1]);
        be_agent(dies, pids[1], go[0]);
    }
    close(go[0]);
    close(pids[1]);
    assert_int_equal(read(pids[0], &agent.scribe, sizeof agent.scribe), sizeof agent.scribe);
    assert_true(agent.scribe > 0);
    close(pids[0]);
    agent.go = go[1];
    if (dies)
        assert_int_equal(waitpid(agent.pid, NULL, 0), agent.pid);
    return agent;
}

static void end_agent(struct agent *agent, bool died)
{
    if (!died) {
        kill(agent->pid, SIGKILL);
        waitpid(agent->pid, NULL, 0);
    }
    kill(agent->scribe, SIGKILL);
    close(agent->go);
}

static bool locks_show; /* in /proc/locks */

/* The second one is told which process has it. */
static void test_held(void **state)
{
    struct agent agent = start_agent(false);
    struct ringdir ringdir;
    pid_t holder = -1;

    (void)state;
    assert_int_equal(ringdir_open(&ringdir, directory, getpid(), &holder), 1);
    close(ringdir.dir);
    end_agent(&agent, false);
    locks_show = holder != 0;
    if (!locks_show)
        skip(); /* on some file systems they do not */
    assert_int_equal(holder, agent.pid);
}

/* A scribe that was left behind is waited for, and then the lock is there. */
static void test_left_behind(void **state)
{
    struct agent agent = start_agent(true);
    pid_t helper = fork();

    (void)state;
    if (helper == 0) { /* lets the scribe go once somebody waits for it */
        poll(NULL, 0, 100);
        (void)!write(agent.go, "x", 1);
        _exit(0);
    }
    struct ringdir ringdir = open_dir();
    close_dir(&ringdir);
    waitpid(helper, NULL, 0);
    end_agent(&agent, true);
}

/* One that does not end is no other agent. */
static void test_left_behind_for_long(void **state)
{
    struct agent agent = start_agent(true);
    struct ringdir ringdir;
    pid_t holder = -1;

    (void)state;
    errno = 0;
    int opened = ringdir_open(&ringdir, directory, getpid(), &holder);
    int error = errno;
    close(ringdir.dir);
    end_agent(&agent, true);
    if (!locks_show)
        skip();
    assert_int_equal(opened, -1);
    assert_int_equal(error, EWOULDBLOCK);
}

/* The one that leaves gives the lock away, though it is not gone. */
static void test_leave(void **state)
{
    struct ringdir first = open_dir();

    (void)state;
    ringdir_leave(&first);
    struct ringdir second = open_dir();
    close_dir(&first);
    close_dir(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_held),
        TEST(test_left_behind),
        TEST(test_left_behind_for_long),
        TEST(test_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
