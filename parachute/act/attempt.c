#include "parachute/act/attempt.h"

#include "base/clock.h"
#include "parachute/run/runner.h"
#include "parachute/waits.h"

#include <errno.h>
#include <stdlib.h>

#define GATE_NS (100 * CLOCK_NS_PER_MS)
#define START_NS (5 * CLOCK_NS_PER_S) /* for the supervisor to say that it is there */

enum step { STEP_NONE, STEP_STARTING, STEP_AT_GATE, STEP_RUNNING };

struct attempt {
    struct waits *waits;
    struct attempt_heard heard;
    struct runner *runner;
    struct wait gate; /* when it opens at the latest; then, when it is given up */
    bool late;        /* that time has passed, and it is not there yet */
    enum step step;
    bool rehearsed;
    struct attempt_rehearsal rehearsal; /* whose callbacks are NULL where nobody listens */
};

static void open_gate(struct attempt *attempt)
{
    wait_until(attempt->waits, &attempt->gate, 0);
    attempt->step = STEP_RUNNING;
    runner_go(attempt->runner);
}

static void on_gate(void *arg)
{
    struct attempt *attempt = arg;

    if (attempt->step == STEP_AT_GATE) {
        attempt->heard.hurried(attempt->heard.arg);
        open_gate(attempt);
    } else if (!attempt->late) {
        attempt->late = true;
        wait_until(attempt->waits, &attempt->gate, clock_mono_ns() + START_NS);
        attempt->heard.late(attempt->heard.arg);
    } else {
        runner_abort(attempt->runner);
    }
}

static void on_started(void *arg, const struct process *command, const struct process *supervisor)
{
    struct attempt *attempt = arg;

    attempt->step = STEP_AT_GATE;
    if (attempt->late)
        wait_until(attempt->waits, &attempt->gate, clock_mono_ns());
    attempt->heard.started(attempt->heard.arg, command, supervisor);
}

static void on_line(void *arg, const char *text, size_t len)
{
    struct attempt *attempt = arg;

    if (attempt->rehearsal.line)
        attempt->rehearsal.line(attempt->rehearsal.arg, text, len);
}

static void on_ended(void *arg, int status, const char *why)
{
    struct attempt *attempt = arg;
    const struct attempt_rehearsal rehearsal = attempt->rehearsal;

    wait_until(attempt->waits, &attempt->gate, 0);
    attempt->step = STEP_NONE;
    attempt->rehearsal = (struct attempt_rehearsal){0};
    if (rehearsal.ended)
        rehearsal.ended(rehearsal.arg, status, why);
    attempt->heard.ended(attempt->heard.arg, status, attempt->rehearsed);
}

struct attempt *attempt_new(struct waits *waits, const struct attempt_heard *heard)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);

    if (!attempt)
        return NULL;
    attempt->waits = waits;
    attempt->heard = *heard;
    attempt->gate = (struct wait){.due = on_gate, .arg = attempt};
    attempt->runner = runner_new(
        waits, &(struct runner_heard){
                   .started = on_started, .line = on_line, .ended = on_ended, .arg = attempt});
    if (attempt->runner)
        return attempt;
    free(attempt);
    return NULL;
}

void attempt_free(struct attempt *attempt)
{
    if (!attempt)
        return;
    wait_end(&attempt->gate);
    runner_free(attempt->runner);
    free(attempt);
}

int attempt_start(struct attempt *attempt, const struct supervisor_work *work, const char *name,
                  const struct attempt_rehearsal *rehearsal)
{
    if (runner_start(attempt->runner, work, name) < 0)
        return -1;
    attempt->step = STEP_STARTING;
    attempt->late = false;
    attempt->rehearsed = rehearsal != NULL;
    attempt->rehearsal = rehearsal ? *rehearsal : (struct attempt_rehearsal){0};
    wait_until(attempt->waits, &attempt->gate, clock_mono_ns() + GATE_NS);
    return 0;
}

void attempt_recorded(struct attempt *attempt)
{
    if (attempt->step == STEP_AT_GATE)
        open_gate(attempt);
}

bool attempt_under_way(const struct attempt *attempt)
{
    return attempt->step != STEP_NONE;
}

bool attempt_starting(const struct attempt *attempt)
{
    return attempt->step == STEP_STARTING && !attempt->late;
}

void attempt_forget(struct attempt *attempt, const void *arg)
{
    if (attempt->rehearsal.arg == arg)
        attempt->rehearsal = (struct attempt_rehearsal){0};
}
