/* Commands whose supervisor is gone. */
#include "base/clock.h"
#include "parachute/run/orphan.h"
#include "tests/unit/act/commands.h"
#include "tests/unit/heard.h"

#include <sys/prctl.h>
#include <sys/resource.h>

static struct waits *waits;
static struct orphan orphan;
static unsigned gone;
static struct process next; /* that is watched once the first one is gone; no pid: none */

static void on_gone(void *arg)
{
    assert_ptr_equal(arg, &gone);
    assert_false(orphan_active(&orphan));
    gone++;
    if (next.pid > 0)
        orphan_watch(&orphan, waits, &next, 0, on_gone, &gone);
    next.pid = 0;
}

/* A process that leads its group, once it has said that it is ready. */
static struct process begin(const char *body)
{
    int ready[2];
    char byte = 0;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        setpgid(0, 0);
        dup2(ready[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", body, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return process_of(pid);
}

static void watch(const struct process *process, unsigned timeout_ms)
{
    gone = 0;
    waits = waits_new();
    assert_non_null(waits);
    orphan_watch(&orphan, waits, process, timeout_ms, on_gone, &gone);
    assert_true(orphan_active(&orphan));
    assert_int_equal(gone, 0); /* not from within the call */
}

static void turn(unsigned times)
{
    struct pollfd ready = {.fd = waits_fd(waits), .events = POLLIN};

    for (unsigned i = 0; i < times; i++) {
        assert_int_equal(poll(&ready, 1, -1), 1);
        waits_dispatch(waits);
    }
}

static void turn_until_gone(void)
{
    while (gone == 0)
        turn(1);
    assert_int_equal(gone, 1);
    assert_false(orphan_active(&orphan));
    waits_free(waits);
}

/* The signal that ended it. */
static int reap(const struct process *process)
{
    int status = 0;

    assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void end(const struct process *process)
{
    kill(-process->pid, SIGKILL);
    assert_int_equal(reap(process), SIGKILL);
}

static void it_is_told_once_when_it_is_gone(void **state)
{
    struct process process = begin("echo; exec sleep 1000");

    (void)state;
    watch(&process, 0);
    turn(3);
    assert_int_equal(gone, 0);
    assert_false(process_gone(&process)); /* without a timeout it gets no signal */
    kill(process.pid, SIGKILL);
    turn_until_gone();
    reap(&process);

    watch(&process, 0); /* one that was gone before */
    turn_until_gone();
}

/* The signals' order and time; what is said of it. */
static void over_its_timeout_it_is_ended(void **state)
{
    static const struct {
        const char *body;
        int64_t least_ms;
        int64_t most_ms;
        int signal;
        const char *last; /* of the log */
    } rows[] = {
        {"echo; exec sleep 1000", 300, 4000, SIGTERM, "is ended by force\n"},
        {"echo; kill -STOP $$; sleep 1000", 300, 4000, SIGTERM, "is ended by force\n"},
        {"sleep 1000 & trap 'exit 0' TERM; echo; wait", 300, 4000, 0, "by force\n"},
        {"trap '' TERM; echo; sleep 1000; sleep 1000", 5300, 9000, SIGKILL, "it is killed\n"},
    };
    char log[4096];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct process process = begin(rows[i].body);
        int64_t begin_ns = clock_mono_ns();

        hear_log();
        watch(&process, 300);
        turn_until_gone();
        heard_log(log);
        int64_t took_ms = (clock_mono_ns() - begin_ns) / CLOCK_NS_PER_MS;
        assert_in_range(took_ms, rows[i].least_ms, rows[i].most_ms);
        assert_int_equal(reap(&process), rows[i].signal);
        assert_non_null(strstr(log, "did not end in time"));
        assert_string_equal(log + strlen(log) - strlen(rows[i].last), rows[i].last);
        while (process_group_lives(process.pid)) /* its children too */
            ;
    }
}

static void another_one_with_its_number_gets_no_signal(void **state)
{
    struct process process = begin("echo; exec sleep 1000");
    struct process earlier = process;
    struct process boot = process;

    (void)state;
    earlier.start--;
    boot.boot++;
    watch(&earlier, 1);
    turn_until_gone();
    watch(&boot, 1);
    turn_until_gone();
    assert_false(process_gone(&process));
    end(&process);
}

/* It counts as there; it gets no signal before it was seen. */
static void one_that_cannot_be_looked_at_is_there(void **state)
{
    struct process process = begin("echo; exec sleep 1000");
    struct rlimit limit;

    (void)state;
    watch(&process, 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, limit.rlim_max}), 0);
    turn(4);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(gone, 0);
    assert_false(process_gone(&process));
    turn_until_gone();
    assert_int_equal(reap(&process), SIGTERM);
}

static void one_that_is_left_goes_on(void **state)
{
    struct process process = begin("echo; exec sleep 1000");
    struct orphan none = {0};

    (void)state;
    assert_false(orphan_active(&none));
    orphan_leave(&none);
    watch(&process, 1);
    orphan_leave(&orphan);
    assert_false(orphan_active(&orphan));
    struct pollfd ready = {.fd = waits_fd(waits), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 200), 0);
    assert_int_equal(gone, 0);
    assert_false(process_gone(&process));
    waits_free(waits);
    end(&process);
}

static void another_one_can_be_watched_then(void **state)
{
    struct process process = begin("echo; exec sleep 1000");
    struct process other = begin("echo; exec sleep 1000");

    (void)state;
    next = other;
    watch(&process, 0);
    end(&process);
    while (gone == 0)
        turn(1);
    assert_true(orphan_active(&orphan));
    turn(2);
    assert_int_equal(gone, 1);
    end(&other);
    while (gone == 1)
        turn(1);
    assert_false(orphan_active(&orphan));
    waits_free(waits);
}

/* A record that is wrong must not end the agent. */
static void our_own_group_gets_no_signal(void **state)
{
    int status = 0;

    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        struct process self = process_of(getpid());
        watch(&self, 1);
        turn(3);
        orphan_leave(&orphan);
        waits_free(waits);
        _exit(gone == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_told_once_when_it_is_gone),
        TEST(over_its_timeout_it_is_ended),
        TEST(another_one_with_its_number_gets_no_signal),
        TEST(one_that_cannot_be_looked_at_is_there),
        TEST(one_that_is_left_goes_on),
        TEST(another_one_can_be_watched_then),
        TEST(our_own_group_gets_no_signal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
