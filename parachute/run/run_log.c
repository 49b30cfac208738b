#include "parachute/run/run_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "parachute/run/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "60 s", "1.5 s": tenths are shown where there are some, or always. */
static const char *seconds(char text[32], int64_t ns, bool always)
{
    int64_t tenths = ns / (CLOCK_NS_PER_S / 10);

    if (tenths % 10 == 0 && !always)
        snprintf(text, 32, "%" PRId64 " s", tenths / 10);
    else
        snprintf(text, 32, "%" PRId64 ".%" PRId64 " s", tenths / 10, tenths % 10);
    return text;
}

void run_log_describe(const struct order *order, char *text)
{
    struct words words = words_begin(text, RUN_LOG_COMMAND_MAX);

    for (char **word = order->argv; *word; word++) {
        words_add(&words, word == order->argv ? "" : " ");
        words_add(&words, *word);
    }
    if (words.at == words.end)
        memcpy(words.end - 3, "...", 3);
}

void run_log_started(const char *name, const char *command, pid_t pid)
{
    log_write(LOG_LEVEL_INFO, "parachute: %s: running %s (pid %d)", name, command, (int)pid);
}

/* A warning, so that what a failing command said is there with -q too. */
void run_log_line(const char *name, const char *text, size_t len)
{
    log_write(LOG_LEVEL_WARNING, "parachute: %s: %.*s", name, (int)len, text);
}

void run_log_orphaned(const char *name, pid_t pid, unsigned timeout_ms)
{
    log_write(LOG_LEVEL_WARNING,
              "parachute: %s: its supervisor was killed; the command (pid %d) is waited for%s, "
              "but what it prints is lost",
              name, (int)pid, timeout_ms > 0 ? ", within its timeout" : "");
}

static void describe_end(char *text, size_t size, const struct run_log_end *end)
{
    char time[32];

    if (end->status == 0)
        snprintf(text, size, "succeeded after %s", seconds(time, end->took_ns, true));
    else if (end->status < PLAN_STATUS_SIGNAL)
        snprintf(text, size, "ended with status %d after %s", end->status,
                 seconds(time, end->took_ns, true));
    else if (end->status < PLAN_STATUS_TIMEOUT)
        snprintf(text, size, "ended by signal %d after %s", end->status - PLAN_STATUS_SIGNAL,
                 seconds(time, end->took_ns, true));
    else if (end->status == PLAN_STATUS_TIMEOUT)
        snprintf(text, size, "did not end within %s, ended by force",
                 seconds(time, end->timeout_ms * CLOCK_NS_PER_MS, false));
    else if (end->status == PLAN_STATUS_REFUSED)
        snprintf(text, size, "could not be run: %s", end->why);
    else if (end->status == PLAN_STATUS_UNBEGUN)
        snprintf(text, size, "could not be begun: %s; it is tried again", end->why);
    else
        snprintf(text, size, "nobody saw how it ended: %s", end->why);
}

void run_log_ended(const char *name, const struct run_log_end *end)
{
    enum log_level level = end->status == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;
    char text[512] = "";
    char unshown[96] = "";

    describe_end(text, sizeof text, end);
    if (end->unshown_bytes > 0 || end->unshown_lines > 0)
        snprintf(unshown, sizeof unshown,
                 "; not shown of its output: %" PRIu64 " lines, %" PRIu64 " bytes",
                 end->unshown_lines, end->unshown_bytes);
    log_write(level, "parachute: %s: %s%s", name, text, unshown);
}
