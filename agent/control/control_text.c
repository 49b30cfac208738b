#include "agent/control/control_text.h"

#include "agent/control/answer.h"
#include "agent/control/control_words.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

#define STATE_MAX 256

static int64_t wall_s(void)
{
    return clock_wall_ns() / CLOCK_NS_PER_S;
}

void control_text_node(struct bytes *answer, const struct parachute *parachute)
{
    const struct plan *plan = operate_plan(parachute);
    const char *state = parachute_activated(parachute) ? "activated" : "not activated";
    char since[CONTROL_WORDS_MAX];
    char age[CONTROL_WORDS_MAX];

    if (!plan || plan->since_s <= 0) {
        answer_out(answer, "node: %s", state);
        return;
    }
    control_time(plan->since_s, since);
    control_age(plan->since_s, wall_s(), age);
    answer_out(answer, "node: %s since %s (for %s)", state, since, age);
}

static void add_since(struct answer_table *table, int64_t since_s)
{
    char since[CONTROL_WORDS_MAX];
    char age[CONTROL_WORDS_MAX];

    control_time(since_s, since);
    control_age(since_s, wall_s(), age);
    if (since_s > 0)
        answer_cell(table, "%s (%s ago)", since, age);
    else
        answer_cell(table, "-");
}

/* What else there is to know behind the state's word. */
static void add_disk_state(struct answer_table *table, const struct operate_disk *disk)
{
    const struct verdict *verdict = disk->verdict;
    const char *latched = verdict->activated && disk->options->rule.latch ? ", latched" : "";
    bool blind = disk->observed && verdict->error;

    if (blind && disk->reading->state == READING_ABSENT)
        answer_cell(table, "%s%s%s", control_disk_state(disk), latched,
                    verdict->activated || verdict->held_off ? ", not mounted" : "");
    else if (blind)
        answer_cell(table, "%s%s%s (%s)", control_disk_state(disk), latched,
                    verdict->activated || verdict->held_off ? ", blind" : "",
                    reading_reason(disk->reading));
    else
        answer_cell(table, "%s%s", control_disk_state(disk), latched);
}

static void add_disks(struct bytes *answer, const struct parachute *parachute)
{
    struct answer_table table = {.columns = 6, .right = 1 << 2 | 1 << 3};
    static const char *const heads[] = {"DISK", "MOUNT", "USED", "THRESHOLD", "STATE", "SINCE"};

    for (size_t i = 0; i < table.columns; i++)
        answer_cell(&table, "%s", heads[i]);
    for (size_t i = 0; i < operate_disks(parachute); i++) {
        const struct operate_disk disk = operate_disk(parachute, i);

        answer_cell(&table, "%s", disk.options->name);
        answer_cell(&table, "%s", disk.options->mount);
        if (disk.verdict->error)
            answer_cell(&table, "-");
        else
            answer_cell(&table, "%u%%", disk.verdict->used_percent);
        answer_cell(&table, "%u%%", disk.options->rule.threshold_percent);
        add_disk_state(&table, &disk);
        add_since(&table, disk.since_s);
    }
    answer_rows(answer, &table);
}

static void write_waiting(const struct plan_run *run, unsigned retries, char text[STATE_MAX])
{
    int64_t wait_ns = run->due_ns - clock_mono_ns();
    char wait[CONTROL_WORDS_MAX] = "";

    if (wait_ns > 0)
        snprintf(wait, sizeof wait, " in %" PRId64 " s", wait_ns / CLOCK_NS_PER_S + 1);
    snprintf(text, STATE_MAX, "waiting (attempt %u of %u%s)", run->attempts + 1, retries + 1, wait);
}

static void write_run(const struct parachute *parachute, enum plan_event event,
                      char text[STATE_MAX])
{
    const struct plan_run *run = &operate_plan(parachute)->runs[event];
    unsigned retries = operate_command(parachute, event)->retries;
    char ended[CONTROL_WORDS_MAX];

    control_status(run->status, ended);
    switch (run->state) {
    case PLAN_NONE:
        snprintf(text, STATE_MAX, "none yet");
        return;
    case PLAN_PENDING:
        write_waiting(run, retries, text);
        return;
    case PLAN_RUNNING:
        snprintf(text, STATE_MAX, "running (attempt %u of %u, pid %d)", run->attempts, retries + 1,
                 (int)operate_pid(parachute));
        return;
    case PLAN_FINISHED:
        snprintf(text, STATE_MAX, "finished (status %d)", run->status);
        return;
    case PLAN_FAILED:
        snprintf(text, STATE_MAX, "failed (%s, %u attempt%s)", ended, run->attempts,
                 run->attempts == 1 ? "" : "s");
        return;
    }
}

static void add_commands(struct bytes *answer, const struct parachute *parachute)
{
    const struct plan *plan = operate_plan(parachute);
    struct answer_table table = {.columns = 4};
    static const char *const heads[] = {"COMMAND", "PATH", "STATE", "SINCE"};
    char state[STATE_MAX];

    for (size_t i = 0; i < table.columns; i++)
        answer_cell(&table, "%s", heads[i]);
    for (enum plan_event event = 0; event < PLAN_EVENTS; event++) {
        char *const *argv = operate_command(parachute, event)->argv;

        answer_cell(&table, "%s", control_command_name(event));
        answer_cell(&table, "%s", argv ? argv[0] : "-");
        if (!argv || !plan) {
            answer_cell(&table, argv ? "-" : "not configured");
            answer_cell(&table, "-");
            continue;
        }
        write_run(parachute, event, state);
        answer_cell(&table, "%s%s", state, plan->waits[event] ? ", to be run again" : "");
        add_since(&table, plan->runs[event].state == PLAN_NONE ? 0 : plan->runs[event].changed_s);
    }
    answer_rows(answer, &table);
}

void control_text(struct bytes *answer, const struct parachute *parachute)
{
    control_text_node(answer, parachute);
    answer_out(answer, "%s", "");
    add_disks(answer, parachute);
    answer_out(answer, "%s", "");
    add_commands(answer, parachute);
}
