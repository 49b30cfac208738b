#include "emitter/emitter_inside.h"

#include "base/clock.h"
#include "emitter/doors.h"
#include "emitter/push/targets.h"
#include "emitter/ring/ring.h"
#include "emitter/ring/store.h"
#include "emitter/status.h"

#define STALE_INTERVALS INT64_C(3)

void emitter_tell_reloads(struct emitter *emitter, const struct emitter_reloads *reloads)
{
    emitter->reloads = *reloads;
}

/* How all is now, without a judgement; `file` is for what it says of the ring's file. */
static struct status gather(const struct emitter *emitter, struct store_status *file)
{
    const struct ring *ring = emitter->ring;
    const struct doors_clients clients = doors_clients(emitter->doors);
    int64_t now_ns = clock_mono_ns();
    struct status status = {
        .version = emitter->options.version,
        .start_time_s = emitter->start_wall_ns / CLOCK_NS_PER_S,
        .uptime_s = (now_ns - emitter->start_mono_ns) / CLOCK_NS_PER_S,
        .newest_timestamp_s = emitter->newest_timestamp_s,
        .newest_age_s = (now_ns - emitter->newest_mono_ns) / CLOCK_NS_PER_S,
        .ring_snapshots = ring_count(ring),
        .ring_capacity = ring_capacity(ring),
        .ring_bytes = ring_bytes(ring),
        .http_clients = clients.http,
        .lines_clients = clients.lines,
        .reloads = emitter->reloads.done,
        .reloads_refused = emitter->reloads.refused,
        .reload_last_s = emitter->reloads.last_s,
        .reload_error = emitter->reloads.error,
    };

    status.targets = targets_status(emitter->targets, &status.target_count);
    if (emitter->store) {
        *file = store_status(emitter->store);
        status.file = file;
    }
    return status;
}

void emitter_emit(struct emitter *emitter, const struct self_tick *tick, struct snapshot *snapshot)
{
    struct store_status file;

    if (!emitter->self)
        return;
    const struct status status = gather(emitter, &file);
    self_emit(emitter->self, &status, tick, snapshot);
}

char *emitter_health(void *arg, bool whole, bool *healthy)
{
    const struct emitter *emitter = arg;
    struct store_status file;
    int64_t age_ns = clock_mono_ns() - emitter->newest_mono_ns;
    int64_t patience_ns = STALE_INTERVALS * emitter->options.interval_s * CLOCK_NS_PER_S;

    *healthy = ring_count(emitter->ring) > 0 && age_ns <= patience_ns;
    struct status status = gather(emitter, &file);
    status.healthy = *healthy;
    return status_text(&status, whole);
}
