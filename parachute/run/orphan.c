#include "parachute/run/orphan.h"

#include "base/clock.h"
#include "base/log.h"
#include "parachute/run/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LOOK_NS (100 * CLOCK_NS_PER_MS)

/* Not merely that it is not surely gone: a signal must not reach another one. */
static bool surely_there(const struct process *process)
{
    struct process now = process_of(process->pid);

    return process->pid > 1 && process->pid != getpgrp() && now.pid == process->pid &&
           now.start == process->start;
}

/* Over its timeout. One that cannot be looked at now is dealt with at the next look. */
static void force(struct orphan *orphan, int64_t now_ns)
{
    pid_t pid = orphan->process.pid;
    int signal = orphan->told ? SIGKILL : SIGTERM;

    if (!surely_there(&orphan->process))
        return;
    if (kill(-pid, signal) < 0)
        log_write(LOG_LEVEL_WARNING,
                  "parachute: pid %d did not end in time, and cannot be ended: %s", (int)pid,
                  strerror(errno));
    else if (orphan->told)
        log_write(LOG_LEVEL_WARNING, "parachute: pid %d did not obey, it is killed", (int)pid);
    else
        log_write(LOG_LEVEL_WARNING,
                  "parachute: pid %d, whose supervisor is gone, did not end in time, it is ended "
                  "by force",
                  (int)pid);
    if (!orphan->told)
        kill(-pid, SIGCONT); /* one that is stopped could not obey */
    orphan->due_ns = orphan->told ? 0 : now_ns + SUPERVISOR_KILL_AFTER_MS * CLOCK_NS_PER_MS;
    orphan->told = true;
}

static void on_look(void *arg)
{
    struct orphan *orphan = arg;
    const struct orphan was = *orphan;
    int64_t now_ns = clock_mono_ns();

    if (process_gone(&orphan->process)) {
        orphan_leave(orphan);
        was.gone(was.arg); /* last: it may watch another one */
        return;
    }
    if (orphan->due_ns != 0 && now_ns >= orphan->due_ns)
        force(orphan, now_ns);
    wait_until(orphan->waits, &orphan->wait, now_ns + LOOK_NS);
}

void orphan_watch(struct orphan *orphan, struct waits *waits, const struct process *process,
                  unsigned timeout_ms, void (*gone)(void *arg), void *arg)
{
    int64_t now_ns = clock_mono_ns();

    orphan_leave(orphan);
    *orphan = (struct orphan){
        .process = *process,
        .waits = waits,
        .wait = {.due = on_look, .arg = orphan},
        .due_ns = timeout_ms > 0 ? now_ns + timeout_ms * CLOCK_NS_PER_MS : 0,
        .gone = gone,
        .arg = arg,
    };
    wait_until(waits, &orphan->wait, now_ns);
}

bool orphan_active(const struct orphan *orphan)
{
    return orphan->gone != NULL;
}

void orphan_leave(struct orphan *orphan)
{
    wait_end(&orphan->wait);
    *orphan = (struct orphan){0};
}
