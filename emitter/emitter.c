#include "emitter/emitter.h"

#include "base/clock.h"
#include "base/log.h"
#include "emitter/farewell.h"
#include "emitter/http/http.h"
#include "emitter/lines.h"
#include "emitter/push/targets.h"
#include "emitter/ring/incoming.h"
#include "emitter/ring/ring.h"
#include "emitter/ring/store.h"
#include "emitter/status.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define STALE_INTERVALS INT64_C(3)

struct emitter {
    struct event_base *base;
    struct series_table *series;
    struct emitter_options options;
    struct ring *ring;
    struct store *store; /* NULL: the ring is in memory only */
    struct event *begin; /* then this says that it is ready */
    struct targets *targets;
    struct http *http;
    struct lines *lines;
    struct self *self; /* NULL: no type `agent` is wanted */
    struct farewell *farewell;
    struct log_complaint complaint;
    bool begun;  /* the targets were made, */
    bool opened; /* and all is well */

    int64_t start_wall_ns;
    int64_t start_mono_ns;
    int64_t newest_timestamp_s;
    int64_t newest_mono_ns; /* when it was appended */
};

/* The ring is about to overwrite these. */
static void on_evict(void *arg, uint64_t from, uint64_t end)
{
    const struct emitter *emitter = arg;

    (void)from;
    targets_evict(emitter->targets, end);
}

/* The ring has what was in its file. Where it had begun without, that comes before what it has. */
static void on_loaded(void *arg, const struct positions *positions)
{
    struct emitter *emitter = arg;

    if (emitter->begun)
        targets_owe(emitter->targets, positions, INCOMING_LATE);
    else
        emitter->opened = targets_open(emitter->targets, positions) == 0;
    emitter->begun = true;
}

/* /healthz goes by the newest snapshot, also where that was found in the file. */
static void note_newest(struct emitter *emitter)
{
    int64_t timestamp_s = emitter_newest_s(emitter);
    int64_t age_ns = clock_wall_ns() - timestamp_s * CLOCK_NS_PER_S;

    if (timestamp_s < 0)
        return;
    emitter->newest_timestamp_s = timestamp_s;
    emitter->newest_mono_ns = clock_mono_ns() - (age_ns > 0 ? age_ns : 0);
}

static void on_ready(void *arg)
{
    struct emitter *emitter = arg;

    if (!emitter->begun)
        on_loaded(emitter, &(struct positions){0});
    note_newest(emitter);
    if (emitter->opened) {
        emitter->options.ready(emitter->options.arg);
        return;
    }
    log_write(LOG_LEVEL_ERROR, "emitter: not enough memory");
    emitter->options.failed(emitter->options.arg);
}

static void on_begin(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    on_ready(arg);
}

static void on_refused(void *arg, pid_t holder)
{
    const struct emitter *emitter = arg;
    char process[32] = "";

    if (holder > 0)
        snprintf(process, sizeof process, ", process %d,", (int)holder);
    log_write(LOG_LEVEL_ERROR, "state_dir %s: another altimeter%s uses it; give each its own",
              emitter->options.state_dir, process);
    emitter->options.failed(emitter->options.arg);
}

static int give_positions(void *arg, struct positions *positions)
{
    const struct emitter *emitter = arg;

    return targets_positions(emitter->targets, positions);
}

/* Reads the ring's file; without one the ring is ready at the loop's first turn. */
static int open_store(struct emitter *emitter)
{
    const struct emitter_options *options = &emitter->options;

    if (!options->state_dir) {
        emitter->begin = evtimer_new(emitter->base, on_begin, emitter);
        return emitter->begin ? evtimer_add(emitter->begin, &(struct timeval){0}) : -1;
    }
    emitter->store = store_new(emitter->base, emitter->ring,
                               &(struct store_options){.dir = options->state_dir,
                                                       .size_bytes = options->state_size_bytes,
                                                       .sync_ms = options->sync_ms,
                                                       .ready = on_ready,
                                                       .refused = on_refused,
                                                       .loaded = on_loaded,
                                                       .positions = give_positions,
                                                       .arg = emitter});
    return emitter->store ? 0 : -1;
}

struct emitter *emitter_new(struct event_base *base, struct series_table *series,
                            const struct emitter_options *options)
{
    struct emitter *emitter = calloc(1, sizeof *emitter);

    if (!emitter)
        goto out;
    emitter->base = base;
    emitter->series = series;
    emitter->options = *options;
    emitter->start_wall_ns = clock_wall_ns();
    emitter->start_mono_ns = clock_mono_ns();
    emitter->ring = ring_new(
        &(struct ring_options){.capacity = options->history, .evict = on_evict, .arg = emitter},
        series);
    emitter->farewell = farewell_new(base);
    emitter->targets =
        targets_new(base, emitter->ring, series, options->targets, options->target_count);
    if (options->self_metrics)
        emitter->self =
            self_new(series, options->targets, options->target_count, options->state_dir != NULL);
    if (emitter->ring && emitter->targets && emitter->farewell &&
        (emitter->self || !options->self_metrics) && open_store(emitter) == 0)
        return emitter;
out:
    log_write(LOG_LEVEL_ERROR, "emitter: not enough memory");
    emitter_free(emitter);
    return NULL;
}

static void close_doors(struct emitter *emitter)
{
    http_close(emitter->http);
    emitter->http = NULL;
    lines_close(emitter->lines);
    emitter->lines = NULL;
}

void emitter_free(struct emitter *emitter)
{
    if (!emitter)
        return;
    close_doors(emitter);
    targets_free(emitter->targets);
    farewell_free(emitter->farewell);
    self_free(emitter->self);
    if (emitter->begin)
        event_free(emitter->begin);
    store_free(emitter->store);
    ring_free(emitter->ring);
    free(emitter);
}

int64_t emitter_newest_s(const struct emitter *emitter)
{
    struct snapshot newest = {0};
    int64_t timestamp_s = ring_newest(emitter->ring, &newest) == 0 ? newest.timestamp_s : -1;

    snapshot_clean(&newest);
    return timestamp_s;
}

int emitter_append(struct emitter *emitter, const struct snapshot *snapshot)
{
    if (ring_append(emitter->ring, snapshot) < 0) {
        log_complain(&emitter->complaint, LOG_LEVEL_ERROR,
                     "ring: not enough memory, a snapshot is lost");
        return -1;
    }
    log_relieve(&emitter->complaint, "ring: there is memory again");
    emitter->newest_timestamp_s = snapshot->timestamp_s;
    emitter->newest_mono_ns = clock_mono_ns();
    if (emitter->store)
        store_notify(emitter->store);
    targets_notify(emitter->targets);
    if (emitter->lines)
        lines_notify(emitter->lines);
    return 0;
}

/* How all is now, without a judgement; `file` is for what it says of the ring's file. */
static struct status gather(const struct emitter *emitter, struct store_status *file)
{
    const struct ring *ring = emitter->ring;
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
        .http_clients = emitter->http ? http_clients(emitter->http) : 0,
        .lines_clients = emitter->lines ? lines_clients(emitter->lines) : 0,
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

/* The body of /healthz; unwell while there is no snapshot, or none for three intervals. */
static char *health(void *arg, bool whole, bool *healthy)
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

int emitter_open(struct emitter *emitter)
{
    const struct emitter_options *options = &emitter->options;
    struct http_options http = {
        .listen = options->http_listen,
        .token = options->http_token,
        .instance_id = options->instance_id,
        .max_connections = options->http_max_connections,
        .health = health,
        .health_arg = emitter,
    };

    if (options->http_on) {
        emitter->http = http_open(emitter->base, emitter->ring, emitter->series, &http);
        if (!emitter->http)
            return -1;
    }
    if (options->lines_on) {
        emitter->lines =
            lines_open(emitter->base, &options->lines_listen, emitter->ring, emitter->series);
        if (!emitter->lines)
            return -1;
    }
    return 0;
}

void emitter_stop(struct emitter *emitter, void (*done)(void *arg), void *arg)
{
    close_doors(emitter);
    farewell_begin(emitter->farewell, emitter->targets, emitter->store, done, arg);
}
