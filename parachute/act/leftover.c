#include "parachute/act/leftover.h"

#include "base/clock.h"
#include "base/log.h"

#include <unistd.h>

#define LOOK_NS (100 * CLOCK_NS_PER_MS)
#define SUPERVISOR_NS (10 * CLOCK_NS_PER_S)

static void fetch(struct leftover *leftover)
{
    leftover->watching = false;
    leftover->fetching = true;
    recall_fetch(leftover->recall);
}

static void on_orphan_gone(void *arg)
{
    fetch(arg);
}

static void adopt(struct leftover *leftover)
{
    log_write(LOG_LEVEL_WARNING,
              "parachute: who watched the command with pid %d was killed; it goes on, for its "
              "timeout at most",
              (int)leftover->command.pid);
    orphan_watch(&leftover->orphan, leftover->waits, &leftover->command, leftover->timeout_ms,
                 on_orphan_gone, leftover);
}

/* The supervisor has only the end to write down. */
static bool patient(struct leftover *leftover)
{
    int64_t now_ns = clock_mono_ns();

    if (leftover->give_up_ns == 0)
        leftover->give_up_ns = now_ns + SUPERVISOR_NS;
    if (now_ns < leftover->give_up_ns)
        return true;
    log_write(LOG_LEVEL_WARNING,
              "parachute: the command with pid %d has ended, and who watched it cannot write that "
              "down",
              (int)leftover->command.pid);
    return false;
}

static void look(void *arg)
{
    struct leftover *leftover = arg;
    bool supervised = !process_gone(&leftover->supervisor);
    bool running = !process_gone(&leftover->command);

    if (running && !supervised)
        adopt(leftover);
    else if (running || (supervised && patient(leftover)))
        wait_until(leftover->waits, &leftover->wait, clock_mono_ns() + LOOK_NS);
    else
        fetch(leftover);
}

/* Neither init nor we were ever a run: that is a file that somebody made up. */
static struct process sane(const struct process *process)
{
    bool run = process->pid > 1 && process->pid != getpid();

    return run ? *process : (struct process){0};
}

bool leftover_watch(struct leftover *leftover, struct waits *waits, struct recall *recall,
                    const struct record *record, unsigned timeout_ms)
{
    *leftover = (struct leftover){.waits = waits,
                                  .recall = recall,
                                  .wait = {.due = look, .arg = leftover},
                                  .supervisor = sane(&record->supervisor),
                                  .command = sane(&record->command),
                                  .timeout_ms = timeout_ms};
    if (process_gone(&leftover->supervisor) && process_gone(&leftover->command))
        return false;
    log_write(LOG_LEVEL_INFO,
              "parachute: a command that began before this start is still running (pid %d)",
              (int)record->command.pid);
    leftover->watching = true;
    wait_until(waits, &leftover->wait, clock_mono_ns());
    return true;
}

bool leftover_active(const struct leftover *leftover)
{
    return leftover->watching || leftover->fetching;
}

static bool same(const struct process *left, const struct process *right)
{
    return left->pid == right->pid && left->start == right->start && left->boot == right->boot;
}

/* The run whose end this is; PLAN_EVENTS: none. One that began without a record of that in time is
 * known by its numbers alone, one with a record by who wrote the end, too. */
static enum plan_event find_ended(const struct record *record, const struct record_end *end)
{
    for (enum plan_event event = 0; end && event < PLAN_EVENTS; event++) {
        const struct plan_run *run = &record->plan.runs[event];

        if (end->number != run->number)
            continue;
        if (run->state == PLAN_RUNNING && end->attempt == run->attempts &&
            (record->supervisor.pid == 0 || same(&end->supervisor, &record->supervisor)))
            return event;
        if (run->state == PLAN_PENDING && end->attempt == run->attempts + 1)
            return event;
    }
    return PLAN_EVENTS;
}

void leftover_over(struct leftover *leftover, struct record *record, const struct plan_rules *rules,
                   const struct record_end *end, struct plan_now now)
{
    struct plan *plan = &record->plan;
    enum plan_event running = plan_running(plan);
    enum plan_event ended = find_ended(record, end);

    leftover->fetching = false;
    record->command = (struct process){0};
    record->supervisor = (struct process){0};
    if (end && end->number > plan->last_number) /* no number is given twice */
        plan->last_number = end->number;
    if (ended != PLAN_EVENTS) {
        log_write(end->status == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
                  "parachute: %s, attempt %u: %s while no agent heard it", plan_event_name(ended),
                  end->attempt, end->status == 0 ? "succeeded" : "failed");
        if (running == PLAN_EVENTS)
            plan_started(plan, ended, now);
        plan_ended(plan, rules, end->status, now);
    } else if (running != PLAN_EVENTS) {
        log_write(LOG_LEVEL_WARNING, "parachute: %s, attempt %u: nobody wrote down how it ended",
                  plan_event_name(running), plan->runs[running].attempts);
        plan_lost(plan, rules, now);
    }
}

void leftover_end(struct leftover *leftover)
{
    leftover->watching = false;
    wait_end(&leftover->wait);
    orphan_leave(&leftover->orphan);
}
