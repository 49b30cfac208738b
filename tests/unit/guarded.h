/*
 * A guard in a made-up time: clock, timer and collector are this file's, so that cycles and ticks
 * come just when a test says. The parachute is the real one, and only judges.
 */
#ifndef TESTS_UNIT_GUARDED_H
#define TESTS_UNIT_GUARDED_H

#include "agent/guard.h"
#include "base/clock.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <stdlib.h>

#define MS CLOCK_NS_PER_MS
#define GUARDED_LAG_NS (3 * MS) /* a timer rings so late at most, unless the process is stopped */
#define GUARDED_VOTES 3         /* so many readings of a full disk activate */

struct event {
    event_callback_fn call;
    void *arg;
    int64_t at_ns;
};

static struct guarded {
    struct config config;
    struct config_disk disk;
    struct series_table *series;
    struct guard *guard;
    struct event *timer; /* NULL: there is none */
    int64_t now_ns;
    uint32_t random;
    bool ticking;              /* a tick is being told */
    bool refuses;              /* a look cannot begin */
    bool hangs;                /* a look waits for guarded_end */
    void (*under_way)(void *); /* a look is; its end */
    void *arg;
    struct reading reading;

    int joined, alone;               /* looks that began with a tick, and by themselves */
    int idle;                        /* looks whose end was told */
    int64_t begun_ns;                /* the last look */
    int64_t shortest_ns, longest_ns; /* between the begins of two */
} guarded;

int64_t clock_mono_ns(void)
{
    return guarded.now_ns;
}

int64_t clock_boot_ns(void)
{
    return guarded.now_ns;
}

int64_t clock_wall_ns(void)
{
    return guarded.now_ns;
}

struct event *event_new(struct event_base *base, evutil_socket_t fd, short what,
                        event_callback_fn call, void *arg)
{
    (void)base;
    (void)what;
    assert_int_equal(fd, -1);
    assert_null(guarded.timer);
    guarded.timer = calloc(1, sizeof *guarded.timer);
    assert_non_null(guarded.timer);
    *guarded.timer = (struct event){.call = call, .arg = arg, .at_ns = INT64_MAX};
    return guarded.timer;
}

int event_add(struct event *event, const struct timeval *wait)
{
    assert_true(event == guarded.timer);
    event->at_ns = guarded.now_ns + wait->tv_sec * CLOCK_NS_PER_S + wait->tv_usec * 1000;
    return 0;
}

void event_free(struct event *event)
{
    assert_true(event == guarded.timer);
    guarded.timer = NULL;
    free(event);
}

static inline void guarded_end(void)
{
    void (*done)(void *) = guarded.under_way;

    guarded.under_way = NULL;
    done(guarded.arg);
}

static inline int guarded_looks(void)
{
    return guarded.joined + guarded.alone;
}

static inline void guarded_measure(void)
{
    int64_t since_ns = guarded.now_ns - guarded.begun_ns;

    if (guarded_looks() > 0) {
        guarded.shortest_ns = since_ns < guarded.shortest_ns ? since_ns : guarded.shortest_ns;
        guarded.longest_ns = since_ns > guarded.longest_ns ? since_ns : guarded.longest_ns;
    }
    guarded.begun_ns = guarded.now_ns;
    guarded.joined += guarded.ticking;
    guarded.alone += !guarded.ticking;
}

int collector_look(struct collector *collector, enum collector_scope scope, int64_t patience_ns,
                   void (*done)(void *arg), void *arg)
{
    (void)collector;
    assert_int_equal(scope, COLLECTOR_OBSERVED);
    assert_true(patience_ns > 0);
    assert_null(guarded.under_way); /* one look of a scope */
    guarded_measure();
    if (guarded.refuses)
        return -1;
    guarded.under_way = done;
    guarded.arg = arg;
    if (!guarded.hangs)
        guarded_end();
    return 0;
}

struct reading collector_observed(const struct collector *collector, size_t index)
{
    (void)collector;
    assert_int_equal(index, 0);
    return guarded.reading;
}

const char *collector_observed_name(const struct collector *collector, size_t index)
{
    (void)collector;
    assert_int_equal(index, 0);
    return "data";
}

static inline void guarded_idle(void *arg)
{
    (void)arg;
    guarded.idle++;
}

static inline struct config guarded_config(unsigned interval_s, unsigned cycle_ms)
{
    return (struct config){.interval_s = interval_s,
                           .parachute_interval_ms = cycle_ms,
                           .namespace = "redis.0",
                           .times = GUARDED_VOTES,
                           .cycles = GUARDED_VOTES,
                           .disks = &guarded.disk,
                           .disk_count = 1};
}

/* A guard of one disk, which is empty; its cycles are not begun. */
static inline void guarded_open(unsigned interval_s, unsigned cycle_ms)
{
    static char mount[] = "/data";
    struct observed observed;

    guarded = (struct guarded){.now_ns = 1000 * CLOCK_NS_PER_S, .shortest_ns = INT64_MAX};
    guarded.disk = (struct config_disk){.mount = mount, .threshold_percent = 80};
    guarded.config = guarded_config(interval_s, cycle_ms);
    guarded.reading = (struct reading){.state = READING_OK, .total_bytes = 100, .free_bytes = 100};
    guarded.series = series_table_new("redis.0");
    assert_non_null(guarded.series);
    assert_int_equal(observed_make(&observed, &guarded.config), 0);
    guarded.guard = guard_new(&(struct guard_options){.config = &guarded.config,
                                                      .series = guarded.series,
                                                      .idle = guarded_idle},
                              &observed);
    assert_non_null(guarded.guard);
}

static inline void guarded_close(void)
{
    guard_free(guarded.guard);
    series_table_free(guarded.series);
    assert_null(guarded.timer);
}

/* Up to GUARDED_LAG_NS, not the same twice, but the same in each run. */
static inline int64_t guarded_lag_ns(void)
{
    guarded.random = guarded.random * 1664525 + 1013904223;
    return (guarded.random >> 8) % (uint32_t)GUARDED_LAG_NS;
}

/* The loop turns until then; a timer rings a little late. */
static inline void guarded_turn(int64_t until_ns)
{
    while (guarded.timer) {
        int64_t rings_ns = guarded.timer->at_ns + guarded_lag_ns();

        if (rings_ns > until_ns)
            break;
        guarded.now_ns = rings_ns > guarded.now_ns ? rings_ns : guarded.now_ns;
        guarded.timer->at_ns = INT64_MAX;
        guarded.timer->call(-1, EV_TIMEOUT, guarded.timer->arg);
    }
    guarded.now_ns = until_ns > guarded.now_ns ? until_ns : guarded.now_ns;
}

/* A tick, right now. Gives whether a cycle began with it. */
static inline bool guarded_tick(void)
{
    int before = guarded.joined;

    guarded.ticking = true;
    guard_join(guarded.guard);
    guarded.ticking = false;
    return guarded.joined > before;
}

#endif
