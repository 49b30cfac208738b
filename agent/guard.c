#include "agent/guard.h"

#include "agent/wire.h"
#include "base/clock.h"
#include "base/log.h"

#include <event2/event.h>
#include <stdlib.h>

/* A cycle that is due just before a tick would wake the agent twice: it leaves the tick so long to
 * come first, or a tenth of the parachute interval. */
#define LEEWAY_NS (50 * CLOCK_NS_PER_MS)

struct guard {
    struct guard_options options;
    struct observed observed;
    struct parachute *parachute;
    struct event *event;       /* the parachute's; NULL: it only judges */
    struct event *cycle_event; /* NULL until guard_start */
    int64_t due_ns;            /* the next cycle; monotonic */
    int64_t begun_ns;          /* the last one */
    bool cycling;              /* one is under way */
};

int observed_make(struct observed *observed, const struct config *config)
{
    *observed = (struct observed){
        .mounts = calloc(config->disk_count + 1, sizeof *observed->mounts),
        .disks = calloc(config->disk_count + 1, sizeof *observed->disks),
        .readings = calloc(config->disk_count + 1, sizeof *observed->readings),
    };
    if (!observed->disks || !observed->mounts || !observed->readings) {
        log_write(LOG_LEVEL_ERROR, "parachute: out of memory");
        return -1;
    }
    for (size_t i = 0; i < config->disk_count; i++)
        if (config->disks[i].threshold_percent != 0)
            observed->mounts[observed->count++] = config->disks[i].mount;
    return 0;
}

void observed_clean(struct observed *observed)
{
    free(observed->mounts);
    free(observed->disks);
    free(observed->readings);
    *observed = (struct observed){0};
}

static void on_parachute(evutil_socket_t fd, short what, void *arg)
{
    struct guard *guard = arg;

    (void)fd;
    (void)what;
    parachute_dispatch(guard->parachute);
}

static int open_parachute(struct guard *guard)
{
    const struct guard_options *options = &guard->options;
    const struct parachute_options acting =
        wire_parachute(options->config, options->collector, guard->observed.disks, options->acts);

    guard->parachute = parachute_new(&acting, options->series);
    if (!guard->parachute || !options->acts)
        return guard->parachute ? 0 : -1;
    guard->event = event_new(options->base, parachute_fd(guard->parachute), EV_READ | EV_PERSIST,
                             on_parachute, guard);
    if (guard->event && event_add(guard->event, NULL) == 0)
        return 0;
    log_write(LOG_LEVEL_ERROR, "parachute: out of memory");
    return -1;
}

struct guard *guard_new(const struct guard_options *options, struct observed *observed)
{
    struct guard *guard = calloc(1, sizeof *guard);

    if (!guard) {
        log_write(LOG_LEVEL_ERROR, "parachute: out of memory");
        return NULL;
    }
    guard->options = *options;
    guard->observed = *observed;
    *observed = (struct observed){0};
    if (open_parachute(guard) == 0)
        return guard;
    guard_free(guard);
    return NULL;
}

void guard_free(struct guard *guard)
{
    if (!guard)
        return;
    if (guard->cycle_event)
        event_free(guard->cycle_event);
    if (guard->event)
        event_free(guard->event);
    parachute_free(guard->parachute);
    observed_clean(&guard->observed);
    free(guard);
}

struct parachute *guard_parachute(const struct guard *guard)
{
    return guard->parachute;
}

static void cycle_done(void *arg)
{
    struct guard *guard = arg;
    struct observed *observed = &guard->observed;

    guard->cycling = false;
    for (size_t i = 0; i < observed->count; i++)
        observed->readings[i] = collector_observed(guard->options.collector, i);
    parachute_judge(guard->parachute, observed->readings);
    guard->options.idle(guard->options.arg);
}

/* A cycle that is due while a disk still keeps the one before waiting is left out. */
static void begin_cycle(struct guard *guard)
{
    if (guard->cycling) {
        log_write(LOG_LEVEL_DEBUG, "parachute: the cycle before is still under way");
        return;
    }
    guard->cycling = true;
    guard->begun_ns = clock_mono_ns();
    if (collector_look(guard->options.collector, COLLECTOR_OBSERVED,
                       wire_patience_ns(guard->options.config), cycle_done, guard) < 0)
        guard->cycling = false;
}

static int64_t cycle_ns(const struct guard *guard)
{
    return guard->options.config->parachute_interval_ms * CLOCK_NS_PER_MS;
}

static void schedule_cycle(struct guard *guard, int64_t due_ns)
{
    int64_t wait_ns = due_ns - clock_mono_ns();
    if (wait_ns < 0)
        wait_ns = 0;
    const struct timeval wait = {.tv_sec = wait_ns / CLOCK_NS_PER_S,
                                 .tv_usec = wait_ns % CLOCK_NS_PER_S / 1000};

    guard->due_ns = due_ns;
    if (evtimer_add(guard->cycle_event, &wait) < 0)
        log_write(LOG_LEVEL_ERROR, "parachute: cannot set its timer: out of memory");
}

static void on_cycle(evutil_socket_t fd, short what, void *arg)
{
    struct guard *guard = arg;
    int64_t now_ns = clock_mono_ns();
    int64_t next_ns = guard->due_ns + cycle_ns(guard);

    (void)fd;
    (void)what;
    /* Cycles that a stopped process missed are not made up for, and the next is no nearer than by
     * half an interval: one moment must not count as two. */
    if (next_ns - now_ns < cycle_ns(guard) / 2)
        next_ns = now_ns + cycle_ns(guard);
    schedule_cycle(guard, next_ns);
    begin_cycle(guard);
}

void guard_start(struct guard *guard)
{
    if (guard->observed.count == 0 || guard->cycle_event)
        return;
    guard->cycle_event = evtimer_new(guard->options.base, on_cycle, guard);
    if (!guard->cycle_event) {
        log_write(LOG_LEVEL_ERROR, "parachute: cannot start its cycles: out of memory");
        return;
    }
    guard->begun_ns = clock_mono_ns() - cycle_ns(guard); /* none was just now */
    schedule_cycle(guard, clock_mono_ns());
}

/*
 * Whether a cycle begins with this tick: it is the one nearest to when a cycle is due, and the last
 * one was not just now. Then the next comes a whole interval later. Where one clock's step is a
 * multiple of the other's and the last cycle missed this tick narrowly, the next one is put off so
 * as to meet a tick: two clocks that are out of step would read each disk twice for good. That is
 * by half an interval at most, however many ticks come.
 */
static bool take_cycle(struct guard *guard)
{
    int64_t tick_ns = guard->options.config->interval_s * CLOCK_NS_PER_S;
    int64_t every_ns = cycle_ns(guard);
    int64_t shorter_ns = every_ns < tick_ns ? every_ns : tick_ns;
    int64_t leeway_ns = every_ns / 10 < LEEWAY_NS ? every_ns / 10 : LEEWAY_NS;
    int64_t now_ns = clock_mono_ns();
    int64_t since_ns = now_ns - guard->begun_ns;

    if (!guard->cycle_event)
        return guard->observed.count > 0;
    bool begins = guard->due_ns - now_ns <= shorter_ns / 2 && since_ns >= every_ns / 2;
    bool in_step = tick_ns % every_ns == 0 || every_ns % tick_ns == 0;
    if (begins || (in_step && since_ns < shorter_ns / 2))
        schedule_cycle(guard, now_ns + every_ns + leeway_ns);
    return begins;
}

void guard_join(struct guard *guard)
{
    if (take_cycle(guard))
        begin_cycle(guard);
}

bool guard_cycling(const struct guard *guard)
{
    return guard->cycling;
}

bool guard_overdue(const struct guard *guard, int64_t grace_ns)
{
    return guard->cycle_event && guard->due_ns < clock_mono_ns() - grace_ns;
}

int guard_adapt(struct guard *guard, const struct config *config, struct observed *observed)
{
    const struct parachute_options acting =
        wire_parachute(config, guard->options.collector, observed->disks, guard->options.acts);

    if (parachute_adapt(guard->parachute, &acting) < 0)
        return -1;
    observed_clean(&guard->observed);
    guard->observed = *observed;
    *observed = (struct observed){0};
    guard->options.config = config;
    if (guard->cycle_event)
        event_free(guard->cycle_event);
    guard->cycle_event = NULL;
    guard_start(guard); /* what is new is looked at now */
    return 0;
}
