#include "agent/watch.h"

#include "agent/guard.h"
#include "agent/loop.h"
#include "agent/wire.h"
#include "base/clock.h"
#include "base/log.h"
#include "collector/collector.h"

#include <event2/event.h>
#include <stdlib.h>

struct watch {
    const struct config *config;
    struct collector *collector;
    struct event *collector_event;
    struct guard *guard;

    bool busy;        /* a tick is under way */
    int64_t begun_ns; /* that one; monotonic */
    struct snapshot snapshot;
    void (*done)(void *arg, struct snapshot *snapshot);
    void *arg;

    struct event *rest;       /* the next turn of the loop */
    void (*rests)(void *arg); /* waits until nothing is under way; NULL: nobody does */
    void *rests_arg;
};

static void on_collector(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;

    (void)fd;
    (void)what;
    collector_dispatch(watch->collector);
}

static bool resting(const struct watch *watch)
{
    return !watch->busy && !guard_cycling(watch->guard);
}

/* Whoever waits is called at the loop's next turn: a look is over only after its end was told. */
static void tell_rest(void *arg)
{
    const struct watch *watch = arg;

    if (watch->rests && resting(watch))
        event_active(watch->rest, EV_TIMEOUT, 0);
}

static void on_rest(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;
    void (*rests)(void *arg) = watch->rests;

    (void)fd;
    (void)what;
    if (!rests || !resting(watch))
        return;
    watch->rests = NULL;
    rests(watch->rests_arg);
}

void watch_rest(struct watch *watch, void (*rests)(void *arg), void *arg)
{
    watch->rests = rests;
    watch->rests_arg = arg;
    tell_rest(watch);
}

static int open_events(struct watch *watch, struct event_base *base)
{
    watch->rest = evtimer_new(base, on_rest, watch);
    watch->collector_event =
        event_new(base, collector_fd(watch->collector), EV_READ | EV_PERSIST, on_collector, watch);
    if (watch->rest && watch->collector_event &&
        event_priority_set(watch->collector_event, LOOP_MACHINE) == 0 &&
        event_add(watch->collector_event, NULL) == 0)
        return 0;
    log_write(LOG_LEVEL_ERROR, "cannot start: out of memory");
    return -1;
}

static int open_parts(struct watch *watch, struct series_table *series, struct event_base *base,
                      bool acts)
{
    struct observed observed;
    int result = observed_make(&observed, watch->config);

    if (result == 0) {
        const struct collector_options options =
            wire_collector(watch->config, observed.mounts, observed.count);

        watch->collector = collector_new(&options, series);
        result = watch->collector ? open_events(watch, base) : -1;
    }
    if (result == 0)
        watch->guard = guard_new(&(struct guard_options){.config = watch->config,
                                                         .collector = watch->collector,
                                                         .series = series,
                                                         .base = base,
                                                         .acts = acts,
                                                         .idle = tell_rest,
                                                         .arg = watch},
                                 &observed);
    observed_clean(&observed);
    return watch->guard ? 0 : -1;
}

struct watch *watch_new(const struct config *config, struct series_table *series,
                        struct event_base *base, bool acts)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (!watch) {
        log_write(LOG_LEVEL_ERROR, "cannot start: out of memory");
        return NULL;
    }
    watch->config = config;
    if (open_parts(watch, series, base, acts) == 0)
        return watch;
    watch_free(watch);
    return NULL;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->rest)
        event_free(watch->rest);
    if (watch->collector_event)
        event_free(watch->collector_event);
    guard_free(watch->guard);
    collector_free(watch->collector);
    snapshot_clean(&watch->snapshot);
    free(watch);
}

void watch_load(struct watch *watch, void (*ready)(void *arg), void *arg)
{
    parachute_load(guard_parachute(watch->guard), ready, arg);
}

struct parachute *watch_parachute(const struct watch *watch)
{
    return guard_parachute(watch->guard);
}

void watch_start(struct watch *watch)
{
    guard_start(watch->guard);
}

static int adapt_collector(struct watch *watch, const struct config *config,
                           const struct observed *observed)
{
    const struct collector_options options =
        wire_collector(config, observed->mounts, observed->count);

    return collector_adapt(watch->collector, &options);
}

/* What the collector has taken is taken back. */
static int adapt_back(struct watch *watch)
{
    struct observed before;
    int result = observed_make(&before, watch->config);

    if (result == 0)
        result = adapt_collector(watch, watch->config, &before);
    observed_clean(&before);
    return result;
}

int watch_adapt(struct watch *watch, const struct config *config)
{
    struct observed observed;
    int result = observed_make(&observed, config);

    if (result == 0)
        result = adapt_collector(watch, config, &observed);
    if (result == 0 && guard_adapt(watch->guard, config, &observed) < 0)
        result = adapt_back(watch) < 0 ? -2 : -1;
    observed_clean(&observed);
    if (result == 0)
        watch->config = config;
    return result;
}

static void tick_done(void *arg)
{
    struct watch *watch = arg;

    collector_emit(watch->collector, &watch->snapshot);
    parachute_emit(guard_parachute(watch->guard), &watch->snapshot);
    watch->busy = false;
    watch->done(watch->arg, &watch->snapshot);
    tell_rest(watch);
}

int watch_tick(struct watch *watch, int64_t slot_s,
               void (*done)(void *arg, struct snapshot *snapshot), void *arg)
{
    watch->busy = true;
    watch->begun_ns = clock_mono_ns();
    watch->done = done;
    watch->arg = arg;
    snapshot_clear(&watch->snapshot, slot_s);
    /* A disk that both looks want is read once; the cycle waits for no other disk. */
    guard_join(watch->guard);
    if (collector_look(watch->collector, COLLECTOR_ALL, wire_patience_ns(watch->config), tick_done,
                       watch) == 0)
        return 0;
    watch->busy = false;
    return -1;
}

bool watch_busy(const struct watch *watch)
{
    return watch->busy;
}

bool watch_overdue(const struct watch *watch, int64_t grace_ns)
{
    return (watch->busy && watch->begun_ns < clock_mono_ns() - grace_ns) ||
           guard_overdue(watch->guard, grace_ns);
}

size_t watch_stuck(const struct watch *watch)
{
    return collector_stuck(watch->collector);
}
