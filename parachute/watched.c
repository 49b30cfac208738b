#include "parachute/watched.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int watched_init(struct watched *disk, const struct parachute_disk *options,
                 struct series_table *series)
{
    const struct {
        uint32_t *series;
        const char *leaf;
    } leaves[] = {
        {&disk->error, "error"},
        {&disk->total, "total"},
        {&disk->used, "used"},
        {&disk->used_percent, "used_percent"},
        {&disk->used_threshold, "used_threshold"},
        {&disk->free, "free"},
        {&disk->activated, "activated"},
    };
    int result = 0;

    disk->name = strdup(options->name);
    disk->mount = strdup(options->mount);
    if (!disk->name || !disk->mount)
        result = -1;
    disk->options = *options;
    disk->options.name = disk->name;
    disk->options.mount = disk->mount;
    disk->verdict = judge_new(false, false);
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        *leaves[i].series =
            series_intern(series, "parachute.disk.%s.%s", options->name, leaves[i].leaf);
        if (*leaves[i].series == SERIES_NONE)
            result = -1;
    }
    return result;
}

void watched_clean(struct watched *disk, struct series_table *series)
{
    const uint32_t held[] = {disk->error,          disk->total, disk->used,     disk->used_percent,
                             disk->used_threshold, disk->free,  disk->activated};

    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        series_release(series, held[i]);
    free(disk->name);
    free(disk->mount);
}

void watched_carry(struct watched *disk, const struct watched *before)
{
    const struct judge_rule *rule = &disk->options.rule;
    const struct judge_rule *old = &before->options.rule;

    disk->reading = before->reading;
    disk->verdict = before->verdict;
    if (rule->times != old->times || rule->cycles != old->cycles)
        disk->verdict.votes = 0;
    disk->again = true;
    disk->since_s = before->since_s;
    disk->blind = before->blind;
    disk->held_off = before->held_off;
}

/* Whether it has a vote, see judge. */
static bool votes(const struct reading *reading, const struct judge_rule *rule)
{
    return reading->state == READING_OK ||
           (reading->state == READING_ABSENT && rule->missing_activates);
}

struct verdict watched_judge(struct watched *disk, const struct reading *reading, int64_t now_ns)
{
    struct verdict before = disk->verdict;

    disk->reading = *reading;
    if (disk->again && votes(reading, &disk->options.rule)) {
        before.votes >>= 1;
        disk->again = false;
    }
    return judge(before, reading, &disk->options.rule, now_ns);
}

bool watched_counts(const struct watched *disk)
{
    return !disk->options.when_seen || disk->verdict.seen || disk->verdict.activated;
}

void watched_cause(const struct watched *disk, char text[WATCHED_CAUSE_MAX])
{
    const struct judge_rule *rule = &disk->options.rule;
    const struct reading *reading = &disk->reading;

    switch (disk->verdict.cause) {
    case JUDGE_FREE:
        snprintf(text, WATCHED_CAUSE_MAX, "%" PRIu64 " bytes free, min_free %" PRIu64,
                 reading->free_bytes, rule->min_free_bytes);
        return;
    case JUDGE_INODES:
        snprintf(text, WATCHED_CAUSE_MAX, "%u%% of the inodes used, inodes %u%%",
                 judge_percent(reading->inodes_used, reading->inodes_free), rule->inodes_percent);
        return;
    case JUDGE_MISSING:
        snprintf(text, WATCHED_CAUSE_MAX, "not mounted");
        return;
    case JUDGE_USED:
    case JUDGE_CLEAR:
        snprintf(text, WATCHED_CAUSE_MAX, "%u%% used, threshold %u%%", disk->verdict.used_percent,
                 rule->threshold_percent);
        return;
    }
}

static void log_blindness(struct watched *disk)
{
    const char *mount = disk->options.mount;

    if (!disk->verdict.error)
        log_relieve(&disk->blind, "parachute: %s can be read again", mount);
    else if (watched_counts(disk))
        log_complain(&disk->blind, LOG_LEVEL_WARNING, "parachute: blind on %s: %s", mount,
                     reading_reason(&disk->reading));
}

static void log_turn(const struct watched *disk)
{
    char cause[WATCHED_CAUSE_MAX];

    watched_cause(disk, cause);
    log_write(LOG_LEVEL_WARNING, "parachute: %s %s: %s", disk->options.mount,
              disk->verdict.activated ? "activated" : "released", cause);
}

static void log_held_off(struct watched *disk)
{
    const char *mount = disk->options.mount;
    char cause[WATCHED_CAUSE_MAX];

    if (!disk->verdict.held_off) {
        log_relieve(&disk->held_off, "parachute: %s is watched again", mount);
        return;
    }
    watched_cause(disk, cause);
    log_complain(&disk->held_off, LOG_LEVEL_WARNING,
                 "parachute: %s was reset by force and is held off: %s; it is watched again "
                 "once it is below",
                 mount, cause);
}

void watched_take(struct watched *disk, const struct verdict *verdict)
{
    bool turned = verdict->activated != disk->verdict.activated;

    disk->verdict = *verdict;
    log_blindness(disk);
    if (turned) {
        disk->since_s = clock_wall_ns() / CLOCK_NS_PER_S;
        log_turn(disk);
    }
    log_held_off(disk);
}

void watched_emit(const struct watched *disk, struct snapshot *snapshot)
{
    const struct verdict *verdict = &disk->verdict;
    bool readable = !verdict->error;

    snapshot_add(snapshot, disk->error, verdict->error);
    if (readable) {
        snapshot_add(snapshot, disk->total, disk->reading.total_bytes);
        snapshot_add(snapshot, disk->used, disk->reading.used_bytes);
        snapshot_add(snapshot, disk->used_percent, verdict->used_percent);
    }
    snapshot_add(snapshot, disk->used_threshold, disk->options.rule.threshold_percent);
    if (readable)
        snapshot_add(snapshot, disk->free, disk->reading.free_bytes);
    snapshot_add(snapshot, disk->activated, verdict->activated);
}
