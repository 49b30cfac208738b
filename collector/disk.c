#include "collector/disk.h"

#include "collector/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* SERIES_NONE are accepted. */
static void release_series(struct series_table *series, const uint32_t numbers[DISK_POINTS])
{
    for (int i = 0; i < DISK_POINTS; i++)
        series_release(series, numbers[i]);
}

/* In the place of those it has. -1: it has them still. */
static int name_series(struct disk *disk, struct series_table *series, const char *name)
{
    static const char *const points[DISK_POINTS] = {"error", "total", "used", "free"};
    uint32_t numbers[DISK_POINTS];
    bool complete = true;

    for (int i = 0; i < DISK_POINTS; i++) {
        numbers[i] =
            name ? series_intern(series, "system.disk.%s.%s", name, points[i]) : SERIES_NONE;
        complete = complete && (!name || numbers[i] != SERIES_NONE);
    }
    if (!complete) {
        release_series(series, numbers);
        return -1;
    }
    release_series(series, disk->series);
    memcpy(disk->series, numbers, sizeof numbers);
    return 0;
}

struct disk *disk_new(struct pool *pool, struct series_table *series, const struct mount *mount,
                      size_t observed, const char *name)
{
    struct disk *disk = calloc(1, sizeof *disk);

    if (!disk)
        return NULL;
    disk->device = mount->device;
    disk->point = strdup(mount->point);
    disk->probe.path = disk->point;
    disk->probe.mount_id = mount->id;
    for (int i = 0; i < DISK_POINTS; i++)
        disk->series[i] = SERIES_NONE;
    if (disk->point && pool_join(pool, &disk->probe, mount->device) == 0 &&
        disk_place(disk, series, observed, name) == 0)
        return disk;
    disk_free(disk, pool, series);
    return NULL;
}

int disk_place(struct disk *disk, struct series_table *series, size_t observed, const char *name)
{
    if (name_series(disk, series, name) < 0)
        return -1;
    disk->observed = observed;
    disk->probe.acted_by = observed != DISK_UNOBSERVED;
    disk->emitted = name;
    return 0;
}

void disk_free(struct disk *disk, struct pool *pool, struct series_table *series)
{
    pool_leave(pool, &disk->probe);
    release_series(series, disk->series);
    free(disk->point);
    free(disk);
}

bool disk_is(const struct disk *disk, const struct mount *mount)
{
    return disk->probe.mount_id == mount->id && disk->device == mount->device &&
           strcmp(disk->point, mount->point) == 0;
}

static struct reading judge(const struct statfs_result *result)
{
    switch (result->outcome) {
    case STATFS_FAILED:
        return (struct reading){.state = READING_FAILED, .error = result->error};
    case STATFS_OK:
        break;
    default:
        return (struct reading){.state = READING_ABSENT};
    }
    if (result->total_bytes == 0)
        return (struct reading){.state = READING_FAILED, .error = ENODATA};
    return (struct reading){.state = READING_OK,
                            .total_bytes = result->total_bytes,
                            .used_bytes = result->used_bytes,
                            .free_bytes = result->free_bytes,
                            .inodes_used = result->inodes_used,
                            .inodes_free = result->inodes_free};
}

void disk_record(struct disk *disk, const struct statfs_result *result, unsigned scopes)
{
    bool sizeless = result->outcome == STATFS_OK && result->total_bytes == 0;

    disk->settled |= scopes;
    disk->latest = judge(result);
    if (scopes & 1U << COLLECTOR_ALL) {
        disk->shown = disk->latest;
        if (sizeless) /* no disk, though it may be an observed one */
            disk->shown.state = READING_ABSENT;
    }

    if (disk->latest.state == READING_OK)
        log_relieve(&disk->complaint, "disk %s: can be read again", disk->point);
    else if (disk->latest.state == READING_FAILED &&
             (!sizeless || disk->observed != DISK_UNOBSERVED))
        log_complain(&disk->complaint, LOG_LEVEL_WARNING, "disk %s: %s", disk->point,
                     reading_reason(&disk->latest));
}

void disk_emit(const struct disk *disk, struct snapshot *snapshot)
{
    const struct reading *shown = &disk->shown;

    if (!disk->emitted || shown->state == READING_ABSENT)
        return;
    snapshot_add(snapshot, disk->series[DISK_ERROR], shown->state == READING_FAILED);
    if (shown->state == READING_FAILED)
        return;
    snapshot_add(snapshot, disk->series[DISK_TOTAL], shown->total_bytes);
    snapshot_add(snapshot, disk->series[DISK_USED], shown->used_bytes);
    snapshot_add(snapshot, disk->series[DISK_FREE], shown->free_bytes);
}
