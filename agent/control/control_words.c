#include "agent/control/control_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *control_disk_state(const struct operate_disk *disk)
{
    if (!disk->observed)
        return "never seen";
    if (disk->verdict->activated)
        return "activated";
    if (disk->verdict->held_off)
        return "held off";
    if (!disk->verdict->error)
        return "ok";
    return disk->reading->state == READING_ABSENT ? "not mounted" : "blind";
}

const char *control_run_state(const struct plan_run *run)
{
    switch (run->state) {
    case PLAN_PENDING:
        return "waiting";
    case PLAN_RUNNING:
        return "running";
    case PLAN_FINISHED:
        return "finished";
    case PLAN_FAILED:
        return "failed";
    case PLAN_NONE:
        break;
    }
    return "none";
}

const char *control_command_name(enum plan_event event)
{
    return event == PLAN_ACTIVATE ? "on_activate" : "on_release";
}

void control_status(int status, char text[CONTROL_WORDS_MAX])
{
    if (status == PLAN_STATUS_TIMEOUT)
        snprintf(text, CONTROL_WORDS_MAX, "ended after its timeout");
    else if (status == PLAN_STATUS_REFUSED)
        snprintf(text, CONTROL_WORDS_MAX, "could not be run, see the log");
    else if (status == PLAN_STATUS_UNBEGUN)
        snprintf(text, CONTROL_WORDS_MAX, "could not be begun, see the log");
    else if (status == PLAN_STATUS_UNKNOWN)
        snprintf(text, CONTROL_WORDS_MAX, "nobody saw how it ended");
    else if (status >= PLAN_STATUS_SIGNAL)
        snprintf(text, CONTROL_WORDS_MAX, "ended by signal %d (%s)", status - PLAN_STATUS_SIGNAL,
                 strsignal(status - PLAN_STATUS_SIGNAL));
    else
        snprintf(text, CONTROL_WORDS_MAX, "exit status %d", status);
}

void control_time(int64_t time_s, char text[CONTROL_WORDS_MAX])
{
    time_t time = (time_t)time_s;
    struct tm parts;

    if (time_s <= 0 || !gmtime_r(&time, &parts) ||
        strftime(text, CONTROL_WORDS_MAX, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        snprintf(text, CONTROL_WORDS_MAX, "-");
}

void control_age(int64_t time_s, int64_t now_s, char text[CONTROL_WORDS_MAX])
{
    const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    int64_t age_s = now_s > time_s ? now_s - time_s : 0;
    size_t i = 0;

    /* From two of a unit on: "90 s" says more than "1 min". */
    while (i < 3 && age_s < 2 * units[i].seconds)
        i++;
    snprintf(text, CONTROL_WORDS_MAX, "%" PRId64 " %s", age_s / units[i].seconds, units[i].name);
}

void control_seconds(int64_t time_ms, char text[CONTROL_WORDS_MAX])
{
    int len = snprintf(text, CONTROL_WORDS_MAX, "%" PRId64 ".%03d", time_ms / 1000,
                       (int)(time_ms % 1000));

    while (len > 0 && text[len - 1] == '0')
        len--;
    if (len > 0 && text[len - 1] == '.')
        len--;
    snprintf(text + len, CONTROL_WORDS_MAX - (size_t)len, " s");
}
