#include "emitter/self.h"

#include "base/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US 1000U
#define MS_PER_S INT64_C(1000)

enum { CONNECTED, SENT, OWED, LOST, RECONNECTS, AGE, TARGET_POINTS };

static const char *const target_points[TARGET_POINTS] = {
    [CONNECTED] = "connected",   [SENT] = "sent", [OWED] = "owed", [LOST] = "lost",
    [RECONNECTS] = "reconnects", [AGE] = "age_s",
};

enum {
    DURATION,
    LATENESS,
    RING_BYTES,
    RING_SNAPSHOTS,
    HTTP,
    LINES,
    STUCK,
    BEHIND, /* last, since it is there only with a file */
    POINTS
};

static const char *const points[POINTS] = {
    [DURATION] = "tick.duration_us", [LATENESS] = "tick.lateness_us",
    [RING_BYTES] = "ring.bytes",     [RING_SNAPSHOTS] = "ring.snapshots",
    [HTTP] = "clients.http",         [LINES] = "clients.lines",
    [STUCK] = "disks.stuck",         [BEHIND] = "file.behind",
};

struct self_target {
    char node[NODE_MAX + 1];
    uint32_t series[TARGET_POINTS];
};

struct self {
    struct series_table *series;
    uint32_t points[POINTS];
    size_t point_count;
    size_t target_count;
    struct self_target targets[];
};

static bool taken(const struct self *self, const char *node)
{
    for (size_t i = 0; i < self->target_count; i++)
        if (strcmp(self->targets[i].node, node) == 0)
            return true;
    return false;
}

/* The node that the name makes, or the first free one with a number behind it. */
static void choose(const struct self *self, const char *name, char node[NODE_MAX + 1])
{
    char wished[NODE_MAX + 1];
    char text[NODE_MAX + 16];

    node_make(wished, name, strlen(name));
    memcpy(node, wished, sizeof wished);
    for (unsigned suffix = 2; taken(self, node); suffix++) {
        int len = snprintf(text, sizeof text, "%s_%u", wished, suffix);
        node_make(node, text, (size_t)len);
    }
}

static int add_target(struct self *self, const char *name)
{
    struct self_target *target = &self->targets[self->target_count];
    int result = 0;

    choose(self, name, target->node);
    self->target_count++;
    for (size_t i = 0; i < TARGET_POINTS; i++) {
        target->series[i] =
            series_intern(self->series, "agent.target.%s.%s", target->node, target_points[i]);
        if (target->series[i] == SERIES_NONE)
            result = -1;
    }
    return result;
}

struct self *self_new(struct series_table *series, const struct target_options *targets,
                      size_t count, bool file)
{
    struct self *self = calloc(1, sizeof *self + count * sizeof *self->targets);
    int result = 0;

    if (!self)
        return NULL;
    self->series = series;
    self->point_count = file ? POINTS : BEHIND;
    for (size_t i = 0; i < self->point_count; i++) {
        self->points[i] = series_intern(series, "agent.%s", points[i]);
        if (self->points[i] == SERIES_NONE)
            result = -1;
    }
    for (size_t i = 0; i < count; i++)
        if (add_target(self, targets[i].name) < 0)
            result = -1;
    if (result == 0)
        return self;
    self_free(self);
    return NULL;
}

void self_free(struct self *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->point_count; i++)
        series_release(self->series, self->points[i]);
    for (size_t i = 0; i < self->target_count; i++)
        for (size_t k = 0; k < TARGET_POINTS; k++)
            series_release(self->series, self->targets[i].series[k]);
    free(self);
}

static uint64_t at_least_0(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

static void emit_target(const struct self_target *target, const struct target_status *status,
                        int64_t uptime_s, struct snapshot *snapshot)
{
    int64_t age_s = status->acked_age_ms < 0 ? uptime_s : status->acked_age_ms / MS_PER_S;
    const uint64_t values[TARGET_POINTS] = {
        [CONNECTED] = strcmp(status->state, "up") == 0,
        [SENT] = status->sent,
        [OWED] = status->owed,
        [LOST] = status->lost,
        [RECONNECTS] = status->reconnects,
        [AGE] = at_least_0(age_s),
    };

    for (size_t i = 0; i < TARGET_POINTS; i++)
        snapshot_add(snapshot, target->series[i], values[i]);
}

void self_emit(const struct self *self, const struct status *status, const struct self_tick *tick,
               struct snapshot *snapshot)
{
    const uint64_t values[POINTS] = {
        [DURATION] = at_least_0(tick->duration_ns) / NS_PER_US,
        [LATENESS] = at_least_0(tick->lateness_ns) / NS_PER_US,
        [RING_BYTES] = status->ring_bytes,
        [RING_SNAPSHOTS] = status->ring_snapshots,
        [HTTP] = status->http_clients,
        [LINES] = status->lines_clients,
        [STUCK] = tick->stuck_disks,
        [BEHIND] = status->file ? status->file->behind : 0,
    };

    for (size_t i = 0; i < self->target_count && i < status->target_count; i++)
        emit_target(&self->targets[i], &status->targets[i], status->uptime_s, snapshot);
    for (size_t i = 0; i < self->point_count; i++)
        snapshot_add(snapshot, self->points[i], values[i]);
}
