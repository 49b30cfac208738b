#include "parachute/parachute.h"

#include "base/log.h"
#include "parachute/judge.h"

#include <stdlib.h>
#include <string.h>

struct disk {
    char *mount;
    unsigned threshold_percent;
    bool when_seen;
    struct reading reading;
    struct verdict verdict;
    struct log_complaint blind;
    uint32_t error, total, used, used_percent, used_threshold, free, activated; /* series */
};

struct parachute {
    struct series_table *series;
    uint32_t error;
    uint32_t activated;
    size_t count;
    struct disk disks[];
};

static int disk_init(struct disk *disk, const struct parachute_disk *options,
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

    disk->threshold_percent = options->threshold_percent;
    disk->when_seen = options->when_seen;
    disk->mount = strdup(options->mount);
    disk->verdict.error = true; /* until the first reading */
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        *leaves[i].series =
            series_intern(series, "parachute.disk.%s.%s", options->name, leaves[i].leaf);
        if (*leaves[i].series == SERIES_NONE)
            result = -1;
    }
    return disk->mount ? result : -1;
}

static void disk_clean(struct disk *disk, struct series_table *series)
{
    const uint32_t held[] = {disk->error,          disk->total, disk->used,     disk->used_percent,
                             disk->used_threshold, disk->free,  disk->activated};

    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        series_release(series, held[i]);
    free(disk->mount);
}

struct parachute *parachute_new(const struct parachute_disk *disks, size_t count,
                                struct series_table *series)
{
    struct parachute *parachute = calloc(1, sizeof *parachute + count * sizeof *parachute->disks);

    if (!parachute)
        return NULL;
    parachute->series = series;
    parachute->error = series_intern(series, "parachute.error");
    parachute->activated = series_intern(series, "parachute.activated");

    int result = parachute->error == SERIES_NONE || parachute->activated == SERIES_NONE ? -1 : 0;
    for (; parachute->count < count; parachute->count++)
        if (disk_init(&parachute->disks[parachute->count], &disks[parachute->count], series) < 0)
            result = -1;
    if (result < 0) {
        parachute_free(parachute);
        return NULL;
    }
    return parachute;
}

void parachute_free(struct parachute *parachute)
{
    if (!parachute)
        return;
    for (size_t i = 0; i < parachute->count; i++)
        disk_clean(&parachute->disks[i], parachute->series);
    series_release(parachute->series, parachute->error);
    series_release(parachute->series, parachute->activated);
    free(parachute);
}

/* A default disk that was never mounted is nobody's concern. */
static bool observed(const struct disk *disk)
{
    return !disk->when_seen || disk->verdict.seen;
}

static void log_change(struct disk *disk, const struct verdict *before)
{
    const struct verdict *now = &disk->verdict;

    if (now->error && observed(disk))
        log_complain(&disk->blind, LOG_LEVEL_WARNING, "parachute: blind on %s: %s", disk->mount,
                     reading_reason(&disk->reading));
    else
        log_relieve(&disk->blind, "parachute: %s can be read again", disk->mount);
    if (now->activated && !before->activated)
        log_write(LOG_LEVEL_WARNING, "parachute: %s activated: %u%% used, threshold %u%%",
                  disk->mount, now->used_percent, disk->threshold_percent);
    else if (before->activated && !now->activated)
        log_write(LOG_LEVEL_WARNING, "parachute: %s released: %u%% used, threshold %u%%",
                  disk->mount, now->used_percent, disk->threshold_percent);
}

void parachute_judge(struct parachute *parachute, const struct reading *readings)
{
    for (size_t i = 0; i < parachute->count; i++) {
        struct disk *disk = &parachute->disks[i];
        struct verdict before = disk->verdict;

        disk->reading = readings[i];
        disk->verdict = judge(before, &readings[i], disk->threshold_percent);
        log_change(disk, &before);
    }
}

static void emit_disk(const struct disk *disk, struct snapshot *snapshot)
{
    const struct verdict *verdict = &disk->verdict;
    bool readable = !verdict->error;

    snapshot_add(snapshot, disk->error, verdict->error);
    if (readable) {
        snapshot_add(snapshot, disk->total, disk->reading.total_bytes);
        snapshot_add(snapshot, disk->used, disk->reading.used_bytes);
        snapshot_add(snapshot, disk->used_percent, verdict->used_percent);
    }
    snapshot_add(snapshot, disk->used_threshold, disk->threshold_percent);
    if (readable)
        snapshot_add(snapshot, disk->free, disk->reading.free_bytes);
    snapshot_add(snapshot, disk->activated, verdict->activated);
}

void parachute_emit(const struct parachute *parachute, struct snapshot *snapshot)
{
    bool error = false;

    for (size_t i = 0; i < parachute->count; i++)
        if (observed(&parachute->disks[i]) && parachute->disks[i].verdict.error)
            error = true;

    snapshot_add(snapshot, parachute->error, error);
    snapshot_add(snapshot, parachute->activated, parachute_activated(parachute));
    for (size_t i = 0; i < parachute->count; i++)
        if (observed(&parachute->disks[i]))
            emit_disk(&parachute->disks[i], snapshot);
}

bool parachute_activated(const struct parachute *parachute)
{
    for (size_t i = 0; i < parachute->count; i++)
        if (parachute->disks[i].verdict.activated)
            return true;
    return false;
}
