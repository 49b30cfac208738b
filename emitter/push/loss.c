#include "emitter/push/loss.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define STAMP_BYTES 32

void loss_note(struct loss *loss, int64_t timestamp_s)
{
    if (loss->from_s == 0 || timestamp_s < loss->from_s)
        loss->from_s = timestamp_s;
    if (timestamp_s > loss->to_s)
        loss->to_s = timestamp_s;
}

void loss_add(struct loss *loss, const struct loss *more)
{
    loss->snapshots += more->snapshots;
    if (more->from_s != 0)
        loss_note(loss, more->from_s);
    if (more->to_s != 0)
        loss_note(loss, more->to_s);
}

/* The bare seconds where a year is beyond all calendars. */
static void stamp(int64_t timestamp_s, char text[STAMP_BYTES])
{
    time_t time_s = (time_t)timestamp_s;
    struct tm utc = {0};

    if (!gmtime_r(&time_s, &utc) || strftime(text, STAMP_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(text, STAMP_BYTES, "%" PRId64, timestamp_s);
}

void loss_text(const struct loss *loss, char text[LOSS_TEXT_BYTES])
{
    char from[STAMP_BYTES] = "";
    char to[STAMP_BYTES] = "";
    const char *were = loss->snapshots == 1 ? " was" : "s were";

    stamp(loss->from_s, from);
    stamp(loss->to_s, to);
    if (loss->snapshots == 0)
        snprintf(text, LOSS_TEXT_BYTES, "no snapshot was lost");
    else if (loss->from_s == 0)
        snprintf(text, LOSS_TEXT_BYTES, "%" PRIu64 " snapshot%s lost", loss->snapshots, were);
    else
        snprintf(text, LOSS_TEXT_BYTES, "%" PRIu64 " snapshot%s lost, from %s to %s",
                 loss->snapshots, were, from, to);
}
