#include "base/snapshot.h"

#include <stdlib.h>

void snapshot_clear(struct snapshot *snapshot, int64_t timestamp_s)
{
    snapshot->timestamp_s = timestamp_s;
    snapshot->count = 0;
    snapshot->failed = false;
}

int snapshot_reserve(struct snapshot *snapshot, size_t count)
{
    if (count <= snapshot->capacity)
        return 0;

    uint32_t *series = reallocarray(snapshot->series, count, sizeof *series);
    if (!series)
        return -1;
    snapshot->series = series;

    int64_t *values = reallocarray(snapshot->values, count, sizeof *values);
    if (!values)
        return -1;
    snapshot->values = values;
    snapshot->capacity = count;
    return 0;
}

void snapshot_add(struct snapshot *snapshot, uint32_t series, uint64_t value)
{
    if (snapshot->failed || series == UINT32_MAX ||
        (snapshot->count == snapshot->capacity &&
         snapshot_reserve(snapshot, snapshot->capacity ? snapshot->capacity * 2 : 64) < 0)) {
        snapshot->failed = true;
        return;
    }
    snapshot->series[snapshot->count] = series;
    snapshot->values[snapshot->count] =
        value > (uint64_t)SNAPSHOT_VALUE_MAX ? SNAPSHOT_VALUE_MAX : (int64_t)value;
    snapshot->count++;
}

void snapshot_clean(struct snapshot *snapshot)
{
    free(snapshot->series);
    free(snapshot->values);
    *snapshot = (struct snapshot){0};
}
