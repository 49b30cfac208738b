#include "agent/control/control_json.h"

#include "agent/control/control_words.h"
#include "base/clock.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* jansson makes nothing of what is no UTF-8: of such a text only the ASCII is kept. */
static json_t *text(const char *bytes)
{
    json_t *string = json_string(bytes);

    if (string)
        return string;
    char *ascii = strdup(bytes);
    if (!ascii)
        return NULL;
    for (char *p = ascii; *p; p++)
        if (*p & 0x80)
            *p = '?';
    string = json_string(ascii);
    free(ascii);
    return string;
}

static json_t *number(bool known, uint64_t value)
{
    uint64_t most = INT64_MAX;

    return known ? json_integer((json_int_t)(value < most ? value : most)) : json_null();
}

static json_t *seconds(int64_t time_s)
{
    return time_s > 0 ? json_integer(time_s) : json_null();
}

/* A NULL value, where memory is short, makes it NULL; all values are taken over in any case. */
static json_t *make_disk(const struct operate_disk *disk)
{
    const struct verdict *verdict = disk->verdict;
    const struct reading *reading = disk->reading;
    const struct judge_rule *rule = &disk->options->rule;
    bool read = !verdict->error;
    json_t *object = json_object();
    int failed = 0;

    failed |= json_object_set_new(object, "name", text(disk->options->name));
    failed |= json_object_set_new(object, "mount", text(disk->options->mount));
    failed |= json_object_set_new(object, "state", text(control_disk_state(disk)));
    failed |= json_object_set_new(object, "activated", json_boolean(verdict->activated));
    failed |= json_object_set_new(object, "held_off", json_boolean(verdict->held_off));
    failed |=
        json_object_set_new(object, "latched", json_boolean(verdict->activated && rule->latch));
    failed |= json_object_set_new(object, "since_s", seconds(disk->since_s));
    failed |= json_object_set_new(object, "error",
                                  verdict->error ? text(reading_reason(reading)) : json_null());
    failed |= json_object_set_new(object, "used_percent", number(read, verdict->used_percent));
    failed |=
        json_object_set_new(object, "threshold_percent", number(true, rule->threshold_percent));
    failed |= json_object_set_new(object, "release_percent", number(true, rule->release_percent));
    failed |= json_object_set_new(object, "total_bytes", number(read, reading->total_bytes));
    failed |= json_object_set_new(object, "used_bytes", number(read, reading->used_bytes));
    failed |= json_object_set_new(object, "free_bytes", number(read, reading->free_bytes));
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *make_disks(const struct parachute *parachute)
{
    json_t *array = json_array();

    for (size_t i = 0; i < operate_disks(parachute); i++) {
        const struct operate_disk disk = operate_disk(parachute, i);

        if (json_array_append_new(array, make_disk(&disk)) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *make_argv(char *const *argv)
{
    json_t *array = json_array();

    for (; *argv; argv++)
        if (json_array_append_new(array, text(*argv)) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* The monotonic time of the next attempt on the wall clock, as that stands now. */
static json_t *make_due(const struct plan_run *run)
{
    int64_t wait_ns = run->due_ns - clock_mono_ns();

    if (run->state != PLAN_PENDING)
        return json_null();
    return json_integer((clock_wall_ns() + (wait_ns > 0 ? wait_ns : 0)) / CLOCK_NS_PER_S);
}

static json_t *make_command(const struct parachute *parachute, enum plan_event event)
{
    const struct order_command *command = operate_command(parachute, event);
    const struct plan *plan = operate_plan(parachute);

    if (!command->argv || !plan)
        return json_null();
    const struct plan_run *run = &plan->runs[event];
    bool running = run->state == PLAN_RUNNING;
    bool ended = run->state == PLAN_FINISHED || (run->state != PLAN_NONE && run->status != 0);
    char reason[CONTROL_WORDS_MAX];
    json_t *object = json_object();
    int failed = 0;

    control_status(run->status, reason);
    failed |= json_object_set_new(object, "argv", make_argv(command->argv));
    failed |= json_object_set_new(object, "state", text(control_run_state(run)));
    failed |= json_object_set_new(object, "since_s", seconds(run->changed_s));
    failed |= json_object_set_new(object, "pid", number(running, (uint64_t)operate_pid(parachute)));
    failed |= json_object_set_new(object, "attempts", number(true, run->attempts));
    failed |= json_object_set_new(object, "attempts_max", number(true, command->retries + 1U));
    failed |= json_object_set_new(object, "due_s", make_due(run));
    failed |= json_object_set_new(object, "status", number(ended, (uint64_t)run->status));
    failed |= json_object_set_new(object, "result", ended ? text(reason) : json_null());
    failed |= json_object_set_new(object, "again", json_boolean(plan->waits[event]));
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}

char *control_json(const struct parachute *parachute)
{
    const struct plan *plan = operate_plan(parachute);
    json_t *object = json_object();
    char *result = NULL;
    int failed = 0;

    failed |=
        json_object_set_new(object, "activated", json_boolean(parachute_activated(parachute)));
    failed |= json_object_set_new(object, "since_s", seconds(plan ? plan->since_s : 0));
    failed |= json_object_set_new(object, "disks", make_disks(parachute));
    for (enum plan_event event = 0; event < PLAN_EVENTS; event++)
        failed |= json_object_set_new(object, control_command_name(event),
                                      make_command(parachute, event));
    if (!failed)
        result = json_dumps(object, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    json_decref(object);
    return result;
}
