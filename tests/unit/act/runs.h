/* A runner as its owner sees it: what it was told, one command at a time. */
#ifndef TESTS_UNIT_ACT_RUNS_H
#define TESTS_UNIT_ACT_RUNS_H

#include "parachute/run/runner.h"
#include "parachute/waits.h"
#include "tests/unit/act/commands.h"

static struct waits *waits;
static struct runner *runner;

static struct {
    unsigned started;
    struct process command;
    struct process supervisor;
    bool hold;  /* not let through the gate */
    bool abort; /* given up there */
    char text[2000];
    unsigned ended;
    int status;
    char why[300];
    void (*then)(void); /* called when it ended, once */
} told;

static inline void on_started(void *arg, const struct process *command,
                              const struct process *supervisor)
{
    assert_ptr_equal(arg, &told);
    told.started++;
    told.command = *command;
    told.supervisor = *supervisor;
    if (told.abort)
        runner_abort(runner);
    if (!told.hold)
        runner_go(runner);
}

static inline void on_line(void *arg, const char *text, size_t len)
{
    assert_ptr_equal(arg, &told);
    size_t before = strlen(told.text);
    int added = snprintf(told.text + before, sizeof told.text - before, "%.*s\n", (int)len, text);
    assert_int_equal(added, len + 1);
}

static inline void on_ended(void *arg, int status, const char *why)
{
    void (*then)(void) = told.then;

    assert_ptr_equal(arg, &told);
    assert_false(runner_busy(runner));
    told.ended++;
    told.status = status;
    snprintf(told.why, sizeof told.why, "%s", why);
    told.then = NULL;
    if (then)
        then();
}

static inline void open_runner(void)
{
    const struct runner_heard heard = {
        .started = on_started, .line = on_line, .ended = on_ended, .arg = &told};

    memset(&told, 0, sizeof told);
    waits = waits_new();
    runner = runner_new(waits, &heard);
    assert_non_null(runner);
}

static inline void turn(void)
{
    struct pollfd ready = {.fd = waits_fd(waits), .events = POLLIN};

    while (poll(&ready, 1, -1) < 0)
        assert_int_equal(errno, EINTR);
    waits_dispatch(waits);
}

static inline void start(struct order *order, const char *name)
{
    const struct supervisor_work work = {.order = order, .number = 1, .attempt = 1};
    char copy[100];

    snprintf(copy, sizeof copy, "%s", name);
    assert_int_equal(runner_start(runner, &work, copy), 0);
    memset(copy, 'z', sizeof copy);
    free(order);
    assert_true(runner_busy(runner));
}

static inline void turn_until_ended(unsigned times)
{
    while (told.ended < times)
        turn();
    assert_int_equal(told.ended, times);
}

/* Whether this process has no child any more, also no zombie. */
static inline bool childless(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

static inline void close_runner(void)
{
    while (!childless())
        turn();
    runner_free(runner);
    waits_free(waits);
}

#endif
