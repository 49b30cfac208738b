#include "emitter/emitter_inside.h"

#include "base/clock.h"
#include "emitter/doors.h"
#include "emitter/farewell.h"
#include "emitter/push/targets.h"
#include "emitter/ring/incoming.h"
#include "emitter/ring/ring.h"
#include "emitter/ring/store.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    emitter->state_dir = strdup(options->state_dir);
    if (!emitter->state_dir)
        return -1;
    emitter->store = store_new(emitter->base, emitter->ring,
                               &(struct store_options){.dir = emitter->state_dir,
                                                       .size_bytes = options->state_size_bytes,
                                                       .sync_ms = options->sync_ms,
                                                       .ready = on_ready,
                                                       .refused = on_refused,
                                                       .loaded = on_loaded,
                                                       .positions = give_positions,
                                                       .arg = emitter});
    return emitter->store ? 0 : -1;
}

/* NULL: it is not wanted, or memory is short. */
static struct self *make_self(const struct emitter *emitter, const struct emitter_options *options)
{
    if (!options->self_metrics)
        return NULL;
    return self_new(emitter->series, options->targets, options->target_count,
                    options->state_dir != NULL);
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
    emitter->self = make_self(emitter, options);
    emitter->doors = doors_new(base, emitter->ring, series, emitter_health, emitter);
    if (emitter->ring && emitter->targets && emitter->farewell && emitter->doors &&
        (emitter->self || !options->self_metrics) && open_store(emitter) == 0)
        return emitter;
out:
    log_write(LOG_LEVEL_ERROR, "emitter: not enough memory");
    emitter_free(emitter);
    return NULL;
}

void emitter_free(struct emitter *emitter)
{
    if (!emitter)
        return;
    doors_free(emitter->doors);
    targets_free(emitter->targets);
    farewell_free(emitter->farewell);
    self_free(emitter->self);
    if (emitter->begin)
        event_free(emitter->begin);
    store_free(emitter->store);
    free(emitter->state_dir);
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

/*
 * A history of the same duration at a longer interval is fewer snapshots. Those that it had are
 * still of that duration, so they leave as they grow too old: nothing is lost at once, nor what a
 * target is owed.
 */
static void shorten(struct emitter *emitter, size_t history)
{
    uint64_t held = ring_end(emitter->ring) - ring_first(emitter->ring);

    if (history != emitter->options.history) {
        emitter->surplus = held > history ? (size_t)held - history : 0;
        emitter->fading = emitter->surplus > 0 ? history : 0;
        ring_resize(emitter->ring, history + emitter->surplus);
    }
}

static void fade(struct emitter *emitter)
{
    size_t history = emitter->options.history;

    if (emitter->fading == 0)
        return;
    emitter->fading--;
    ring_resize(emitter->ring, history + emitter->surplus * emitter->fading / history);
}

int emitter_append(struct emitter *emitter, const struct snapshot *snapshot)
{
    if (ring_append(emitter->ring, snapshot) < 0) {
        log_complain(&emitter->complaint, LOG_LEVEL_ERROR,
                     "ring: not enough memory, a snapshot is lost");
        return -1;
    }
    log_relieve(&emitter->complaint, "ring: there is memory again");
    fade(emitter);
    emitter->newest_timestamp_s = snapshot->timestamp_s;
    emitter->newest_mono_ns = clock_mono_ns();
    if (emitter->store)
        store_notify(emitter->store);
    targets_notify(emitter->targets);
    doors_notify(emitter->doors);
    return 0;
}

int emitter_open(struct emitter *emitter)
{
    return doors_open(emitter->doors, &emitter->options);
}

/* The doors come last of what may fail, since what they do can be seen. Then nothing fails. */
int emitter_adapt(struct emitter *emitter, const struct emitter_options *options)
{
    struct self *self = make_self(emitter, options);
    struct targets_next *targets =
        targets_next_new(emitter->targets, options->targets, options->target_count);

    if ((options->self_metrics && !self) || !targets) {
        log_write(LOG_LEVEL_ERROR, "emitter: not enough memory");
        goto refused;
    }
    if (doors_adapt(emitter->doors, options) < 0)
        goto refused;

    shorten(emitter, options->history);
    targets_take(emitter->targets, targets);
    self_free(emitter->self);
    emitter->self = self;

    const struct emitter_options before = emitter->options;
    emitter->options = *options;
    emitter->options.ready = before.ready;
    emitter->options.failed = before.failed;
    emitter->options.arg = before.arg;
    return 0;

refused:
    self_free(self);
    targets_next_free(targets);
    return -1;
}

void emitter_stop(struct emitter *emitter, void (*done)(void *arg), void *arg)
{
    doors_close(emitter->doors);
    farewell_begin(emitter->farewell, emitter->targets, emitter->store, done, arg);
}
