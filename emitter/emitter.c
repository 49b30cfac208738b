#include "emitter/emitter.h"

#include "base/clock.h"
#include "base/log.h"
#include "emitter/connect.h"
#include "emitter/http.h"
#include "emitter/lines.h"
#include "emitter/ring.h"
#include "emitter/status.h"

#include <event2/event.h>
#include <stdlib.h>

#define STALE_INTERVALS INT64_C(3)
#define LAST_WORDS_NS CLOCK_NS_PER_S
#define LAST_WORDS_LOOK_US 20000

struct emitter {
    struct event_base *base;
    struct series_table *series;
    struct emitter_options options;
    struct ring *ring;
    struct connector *connector;
    struct target **targets;
    struct target_status *statuses; /* of the targets, filled for each /healthz */
    struct http *http;
    struct lines *lines;
    struct log_complaint complaint;

    int64_t start_wall_ns;
    int64_t start_mono_ns;
    int64_t newest_timestamp_s;
    int64_t newest_mono_ns; /* when it was appended */

    struct event *stopping; /* looks whether the targets are done */
    int64_t stop_by_ns;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static int open_targets(struct emitter *emitter)
{
    size_t count = emitter->options.target_count;

    if (count == 0)
        return 0;
    emitter->connector = connector_new(emitter->base);
    emitter->targets = calloc(count, sizeof(struct target *));
    emitter->statuses = calloc(count, sizeof *emitter->statuses);
    if (!emitter->connector || !emitter->targets || !emitter->statuses)
        return -1;
    for (size_t i = 0; i < count; i++) {
        emitter->targets[i] = target_new(emitter->base, emitter->connector, emitter->ring,
                                         emitter->series, &emitter->options.targets[i]);
        if (!emitter->targets[i])
            return -1;
    }
    return 0;
}

static void on_stopping(evutil_socket_t fd, short what, void *arg);

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
    emitter->ring = ring_new(&(struct ring_options){.capacity = options->history}, series);
    emitter->stopping = event_new(base, -1, EV_PERSIST, on_stopping, emitter);
    if (emitter->ring && emitter->stopping && open_targets(emitter) == 0)
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
    for (size_t i = 0; emitter->targets && i < emitter->options.target_count; i++)
        target_free(emitter->targets[i]);
    connector_free(emitter->connector);
    if (emitter->stopping)
        event_free(emitter->stopping);
    ring_free(emitter->ring);
    free(emitter->targets);
    free(emitter->statuses);
    free(emitter);
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
    for (size_t i = 0; i < emitter->options.target_count; i++)
        target_notify(emitter->targets[i]);
    if (emitter->lines)
        lines_notify(emitter->lines);
    return 0;
}

/* The body of /healthz; unwell while there is no snapshot, or none for three intervals. */
static char *health(void *arg, bool whole, bool *healthy)
{
    struct emitter *emitter = arg;
    const struct ring *ring = emitter->ring;
    size_t snapshots = ring_count(ring);
    int64_t now_ns = clock_mono_ns();
    int64_t age_ns = now_ns - emitter->newest_mono_ns;
    int64_t patience_ns = STALE_INTERVALS * emitter->options.interval_s * CLOCK_NS_PER_S;

    *healthy = snapshots > 0 && age_ns <= patience_ns;
    for (size_t i = 0; i < emitter->options.target_count; i++)
        emitter->statuses[i] = target_status(emitter->targets[i]);

    struct status status = {
        .healthy = *healthy,
        .version = emitter->options.version,
        .start_time_s = emitter->start_wall_ns / CLOCK_NS_PER_S,
        .uptime_s = (now_ns - emitter->start_mono_ns) / CLOCK_NS_PER_S,
        .newest_timestamp_s = emitter->newest_timestamp_s,
        .newest_age_s = age_ns / CLOCK_NS_PER_S,
        .ring_snapshots = snapshots,
        .ring_capacity = ring_capacity(ring),
        .ring_bytes = ring_bytes(ring),
        .http_clients = emitter->http ? http_clients(emitter->http) : 0,
        .lines_clients = emitter->lines ? lines_clients(emitter->lines) : 0,
        .targets = emitter->statuses,
        .target_count = emitter->options.target_count,
    };
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

static bool all_idle(const struct emitter *emitter)
{
    for (size_t i = 0; i < emitter->options.target_count; i++)
        if (!target_idle(emitter->targets[i]))
            return false;
    return true;
}

static void on_stopping(evutil_socket_t fd, short what, void *arg)
{
    struct emitter *emitter = arg;

    (void)fd;
    (void)what;
    if (!all_idle(emitter) && clock_mono_ns() < emitter->stop_by_ns)
        return;
    event_del(emitter->stopping);
    emitter->stopped(emitter->stopped_arg);
}

/* Whether a peer has acknowledged everything is told by no event, so it is looked at. */
void emitter_stop(struct emitter *emitter, void (*done)(void *arg), void *arg)
{
    const struct timeval look = {.tv_usec = LAST_WORDS_LOOK_US};

    close_doors(emitter);
    for (size_t i = 0; i < emitter->options.target_count; i++)
        target_stop(emitter->targets[i]);
    emitter->stopped = done;
    emitter->stopped_arg = arg;
    emitter->stop_by_ns = clock_mono_ns() + LAST_WORDS_NS;
    event_add(emitter->stopping, &look);
    event_active(emitter->stopping, EV_TIMEOUT, 0);
}
