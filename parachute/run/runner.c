#include "parachute/run/runner.h"

#include "base/clock.h"
#include "parachute/run/leavers.h"
#include "parachute/run/orphan.h"
#include "parachute/run/run_log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGES_A_TURN 32

/* The one that is under way. */
struct run {
    struct leaver *supervisor; /* NULL: it is gone, or given up */
    struct process command;    /* all zero before STARTED */
    bool went;                 /* through the gate */
    int64_t went_ns;
    char *name; /* NULL: there is no run */
    char text[RUN_LOG_COMMAND_MAX];
    struct run_log_end end;
};

struct runner {
    struct waits *waits;
    struct runner_heard heard;
    struct run run;
    struct wait socket;   /* its supervisor's */
    struct wait aborted;  /* due when it was given up */
    struct orphan orphan; /* its command, where the supervisor died before */
    struct leavers leavers;
    struct supervisor_message message;
};

static void leave_supervisor(struct runner *runner)
{
    wait_end(&runner->socket);
    if (runner->run.supervisor)
        leavers_take(&runner->leavers, runner->run.supervisor);
    runner->run.supervisor = NULL;
}

static void forget_run(struct runner *runner)
{
    leave_supervisor(runner);
    wait_end(&runner->aborted);
    orphan_leave(&runner->orphan);
    free(runner->run.name);
    runner->run = (struct run){0};
}

/* The last thing that is done in a turn: `ended` may have begun another run. */
static void end(struct runner *runner, int status, const char *why)
{
    struct run *run = &runner->run;

    if (!run->went)
        status = PLAN_STATUS_UNBEGUN;
    run->end.status = status;
    run->end.why = why;
    run->end.took_ns = run->went ? clock_mono_ns() - run->went_ns : 0;
    run_log_ended(run->name, &run->end);
    forget_run(runner);
    runner->heard.ended(runner->heard.arg, status, why);
}

static void on_orphan(void *arg)
{
    end(arg, PLAN_STATUS_UNKNOWN, "its supervisor was killed");
}

static void on_aborted(void *arg)
{
    end(arg, PLAN_STATUS_UNBEGUN, "it did not begin in time");
}

/* What is left of the timeout, at least the least there is; 0: there is none. */
static unsigned left_ms(const struct run *run)
{
    int64_t timeout_ms = run->end.timeout_ms;
    int64_t passed_ms = (clock_mono_ns() - run->went_ns) / CLOCK_NS_PER_MS;

    if (timeout_ms > 0 && passed_ms >= timeout_ms)
        return 1;
    return timeout_ms > 0 ? (unsigned)(timeout_ms - passed_ms) : 0;
}

/* The supervisor ended without a word. What it had let through the gate may still run. */
static void lose(struct runner *runner)
{
    const struct run *run = &runner->run;

    leave_supervisor(runner);
    if (!run->went || process_gone(&run->command)) {
        end(runner, PLAN_STATUS_UNKNOWN, "its supervisor was killed");
        return;
    }
    run_log_orphaned(run->name, run->command.pid, run->end.timeout_ms);
    orphan_watch(&runner->orphan, runner->waits, &run->command, left_ms(run), on_orphan, runner);
}

static void take_end(struct runner *runner)
{
    const struct supervisor_message *message = &runner->message;
    char why[SUPERVISOR_LINE_MAX + 1];

    memcpy(why, message->text, message->len);
    why[message->len] = '\0';
    runner->run.end.unshown_lines = message->unshown_lines;
    runner->run.end.unshown_bytes = message->unshown_bytes;
    end(runner, message->status, why);
}

/* Whether the run goes on. */
static bool take(struct runner *runner)
{
    const struct supervisor_message *message = &runner->message;

    switch (message->kind) {
    case SUPERVISOR_STARTED:
        runner->run.command = message->command;
        runner->heard.started(runner->heard.arg, &message->command, &message->supervisor);
        return true;
    case SUPERVISOR_LINE:
        run_log_line(runner->run.name, message->text, message->len);
        runner->heard.line(runner->heard.arg, message->text, message->len);
        return true;
    default:
        take_end(runner);
        return false;
    }
}

/* 1: a message. 0: none yet. -1: the supervisor is dead. */
static int receive(struct runner *runner)
{
    const size_t head = offsetof(struct supervisor_message, text);
    int fd = runner->run.supervisor->helper.fd;
    ssize_t got = recv(fd, &runner->message, sizeof runner->message, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return got >= (ssize_t)head && runner->message.len == (size_t)got - head ? 1 : -1;
}

static void on_socket(void *arg)
{
    struct runner *runner = arg;

    for (unsigned i = 0; i < MESSAGES_A_TURN && runner->run.supervisor; i++) {
        int received = receive(runner);

        if (received < 0)
            lose(runner);
        if (received <= 0 || !take(runner))
            return;
    }
}

struct runner *runner_new(struct waits *waits, const struct runner_heard *heard)
{
    struct runner *runner = calloc(1, sizeof *runner);

    if (!runner)
        return NULL;
    runner->waits = waits;
    runner->heard = *heard;
    runner->socket = (struct wait){.ready = on_socket, .arg = runner};
    runner->aborted = (struct wait){.due = on_aborted, .arg = runner};
    leavers_open(&runner->leavers, waits);
    return runner;
}

void runner_free(struct runner *runner)
{
    if (!runner)
        return;
    forget_run(runner);
    leavers_close(&runner->leavers);
    free(runner);
}

/* With `run` as it is to be; what is in it by then is the caller's to forget. */
static int start(struct runner *runner, const struct supervisor_work *work, const char *name)
{
    struct run *run = &runner->run;
    struct supervisor_work copy = *work;
    struct leaver *supervisor = calloc(1, sizeof *supervisor);

    run->name = strdup(name);
    run->end.timeout_ms = work->order->timeout_ms;
    run_log_describe(work->order, run->text);
    if (!run->name || !supervisor ||
        helper_start(&supervisor->helper, &(struct helper_work){.name = "altimeter-run",
                                                                .outlives = true,
                                                                .serve = supervisor_serve,
                                                                .arg = &copy}) < 0) {
        int error = errno;

        free(supervisor);
        errno = error;
        return -1;
    }
    run->supervisor = supervisor;
    return wait_for(runner->waits, &runner->socket, supervisor->helper.fd);
}

int runner_start(struct runner *runner, const struct supervisor_work *work, const char *name)
{
    if (runner_busy(runner)) {
        errno = EBUSY;
        return -1;
    }
    if (start(runner, work, name) == 0)
        return 0;

    int error = errno;
    forget_run(runner);
    errno = error;
    return -1;
}

void runner_go(struct runner *runner)
{
    struct run *run = &runner->run;

    if (!run->supervisor || run->went)
        return;
    run->went = true;
    run->went_ns = clock_mono_ns();
    run_log_started(run->name, run->text, run->command.pid);
    helper_wake(&run->supervisor->helper);
}

void runner_abort(struct runner *runner)
{
    struct run *run = &runner->run;

    if (!run->supervisor || run->went)
        return;
    kill(run->supervisor->helper.pid, SIGKILL);
    leave_supervisor(runner);
    wait_until(runner->waits, &runner->aborted, clock_mono_ns());
}

bool runner_busy(const struct runner *runner)
{
    return runner->run.name != NULL;
}
