#include "agent/watch.h"

#include "agent/wire.h"
#include "base/clock.h"
#include "base/log.h"
#include "collector/collector.h"
#include "parachute/parachute.h"

#include <event2/event.h>
#include <stdlib.h>

struct watch {
    const struct config *config;
    struct collector *collector;
    struct event *collector_event;

    struct parachute *parachute;
    struct event *parachute_event; /* NULL: it only judges */
    struct parachute_disk *disks;
    const char **observed; /* the observed disks' mount points, borrowed from the config */
    struct reading *readings;
    size_t observed_count;

    struct event *cycle_event; /* NULL until watch_start */
    int64_t cycle_due_ns;      /* monotonic */

    bool busy; /* a tick is under way */
    struct snapshot snapshot;
    void (*done)(void *arg, struct snapshot *snapshot);
    void *arg;
};

static int64_t cycle_ns(const struct watch *watch)
{
    return watch->config->parachute_interval_ms * CLOCK_NS_PER_MS;
}

/* A disk that does not answer in time is in error (SPEC 4.5), to the parachute as to the tick. */
static int64_t patience_ns(const struct watch *watch)
{
    int64_t interval_ns = watch->config->interval_s * CLOCK_NS_PER_S;

    return interval_ns / 2 < CLOCK_NS_PER_S ? interval_ns / 2 : CLOCK_NS_PER_S;
}

static void on_collector(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;

    (void)fd;
    (void)what;
    collector_dispatch(watch->collector);
}

static void on_parachute(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;

    (void)fd;
    (void)what;
    parachute_dispatch(watch->parachute);
}

/* Adds an event for a descriptor of a room that knows no libevent. */
static struct event *listen_to(struct event_base *base, int fd, event_callback_fn callback,
                               struct watch *watch)
{
    struct event *event = event_new(base, fd, EV_READ | EV_PERSIST, callback, watch);

    if (event && event_add(event, NULL) == 0)
        return event;
    log_write(LOG_LEVEL_ERROR, "cannot start: out of memory");
    if (event)
        event_free(event);
    return NULL;
}

struct watch *watch_new(const struct config *config, struct series_table *series,
                        struct event_base *base, bool acts)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (!watch)
        goto short_of_memory;
    watch->config = config;
    watch->disks = calloc(config->disk_count + 1, sizeof *watch->disks);
    watch->observed = calloc(config->disk_count + 1, sizeof *watch->observed);
    watch->readings = calloc(config->disk_count + 1, sizeof *watch->readings);
    if (!watch->disks || !watch->observed || !watch->readings)
        goto short_of_memory;
    for (size_t i = 0; i < config->disk_count; i++)
        if (config->disks[i].threshold_percent != 0)
            watch->observed[watch->observed_count++] = config->disks[i].mount;

    watch->collector = wire_collector(config, watch->observed, watch->observed_count, series);
    if (!watch->collector)
        goto failed;
    watch->collector_event = listen_to(base, collector_fd(watch->collector), on_collector, watch);
    watch->parachute = wire_parachute(config, watch->collector, watch->disks, acts, series);
    if (!watch->collector_event || !watch->parachute)
        goto failed;
    if (!acts)
        return watch;
    watch->parachute_event = listen_to(base, parachute_fd(watch->parachute), on_parachute, watch);
    if (watch->parachute_event)
        return watch;
    goto failed;

short_of_memory:
    log_write(LOG_LEVEL_ERROR, "cannot start: out of memory");
failed:
    watch_free(watch);
    return NULL;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->cycle_event)
        event_free(watch->cycle_event);
    if (watch->collector_event)
        event_free(watch->collector_event);
    if (watch->parachute_event)
        event_free(watch->parachute_event);
    parachute_free(watch->parachute);
    collector_free(watch->collector);
    snapshot_clean(&watch->snapshot);
    free(watch->disks);
    free(watch->observed);
    free(watch->readings);
    free(watch);
}

static void cycle_done(void *arg)
{
    struct watch *watch = arg;

    for (size_t i = 0; i < watch->observed_count; i++)
        watch->readings[i] = collector_observed(watch->collector, i);
    parachute_judge(watch->parachute, watch->readings);
}

/* A cycle that is due while a disk still keeps the one before waiting is left out. */
static void begin_cycle(struct watch *watch)
{
    if (collector_look(watch->collector, COLLECTOR_OBSERVED, patience_ns(watch), cycle_done,
                       watch) < 0)
        log_write(LOG_LEVEL_DEBUG, "parachute: the cycle before is still under way");
}

static void schedule_cycle(struct watch *watch, int64_t due_ns)
{
    int64_t wait_ns = due_ns - clock_mono_ns();
    if (wait_ns < 0)
        wait_ns = 0;
    const struct timeval wait = {.tv_sec = wait_ns / CLOCK_NS_PER_S,
                                 .tv_usec = wait_ns % CLOCK_NS_PER_S / 1000};

    watch->cycle_due_ns = due_ns;
    if (evtimer_add(watch->cycle_event, &wait) < 0)
        log_write(LOG_LEVEL_ERROR, "parachute: cannot set its timer: out of memory");
}

static void on_cycle(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;
    int64_t now_ns = clock_mono_ns();
    int64_t next_ns = watch->cycle_due_ns + cycle_ns(watch);

    (void)fd;
    (void)what;
    /* Cycles that a stopped process missed are not made up for. */
    schedule_cycle(watch, next_ns > now_ns ? next_ns : now_ns + cycle_ns(watch));
    begin_cycle(watch);
}

void watch_load(struct watch *watch, void (*ready)(void *arg), void *arg)
{
    parachute_load(watch->parachute, ready, arg);
}

struct parachute *watch_parachute(const struct watch *watch)
{
    return watch->parachute;
}

void watch_start(struct watch *watch)
{
    if (watch->observed_count == 0 || watch->cycle_event)
        return;
    struct event_base *base = event_get_base(watch->collector_event);

    watch->cycle_event = evtimer_new(base, on_cycle, watch);
    if (!watch->cycle_event) {
        log_write(LOG_LEVEL_ERROR, "parachute: cannot start its cycles: out of memory");
        return;
    }
    schedule_cycle(watch, clock_mono_ns());
}

static void tick_done(void *arg)
{
    struct watch *watch = arg;

    collector_emit(watch->collector, &watch->snapshot);
    parachute_emit(watch->parachute, &watch->snapshot);
    watch->busy = false;
    watch->done(watch->arg, &watch->snapshot);
}

/* Whether a cycle is due within half a parachute interval; then the next one comes a whole one
 * later. */
static bool take_cycle(struct watch *watch)
{
    if (!watch->cycle_event)
        return watch->observed_count > 0;
    int64_t now_ns = clock_mono_ns();

    if (watch->cycle_due_ns - now_ns > cycle_ns(watch) / 2)
        return false;
    schedule_cycle(watch, now_ns + cycle_ns(watch));
    return true;
}

int watch_tick(struct watch *watch, int64_t slot_s,
               void (*done)(void *arg, struct snapshot *snapshot), void *arg)
{
    watch->busy = true;
    watch->done = done;
    watch->arg = arg;
    snapshot_clear(&watch->snapshot, slot_s);
    /* A disk that both looks want is read once; the cycle waits for no other disk. */
    if (take_cycle(watch))
        begin_cycle(watch);
    if (collector_look(watch->collector, COLLECTOR_ALL, patience_ns(watch), tick_done, watch) == 0)
        return 0;
    watch->busy = false;
    return -1;
}

bool watch_busy(const struct watch *watch)
{
    return watch->busy;
}

size_t watch_stuck(const struct watch *watch)
{
    return collector_stuck(watch->collector);
}
