/*
 * What the tests of the push and of the raw lines stand on: a loop, a ring, snapshots to fill it
 * with, and a way to wait for a condition that ends at an event or, when all is lost, at a guard.
 */
#ifndef TESTS_UNIT_BENCH_H
#define TESTS_UNIT_BENCH_H

#include "base/series.h"
#include "base/snapshot.h"
#include "emitter/ring/cursor.h"
#include "emitter/text.h"
#include "tests/unit/unit.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <string.h>

#define BENCH_EPOCH_S INT64_C(1594380000)
#define BENCH_GUARD_S 20

/* Each snapshot's timestamp is BENCH_EPOCH_S plus its number in the ring. */
struct bench {
    struct event_base *base;
    struct series_table *series;
    struct ring *ring;
    struct snapshot snapshot;
    uint32_t numbers[512];
    size_t lines;                           /* in a snapshot */
    void (*evict)(void *arg, uint64_t end); /* see ring_options; NULL: nobody asks */
    void *evict_arg;
};

static inline void bench_evict(void *arg, uint64_t from, uint64_t end)
{
    const struct bench *bench = arg;

    (void)from;
    if (bench->evict)
        bench->evict(bench->evict_arg, end);
}

static inline void bench_open(struct bench *bench, size_t history, size_t lines)
{
    *bench = (struct bench){.base = event_base_new(), .lines = lines};
    assert_true(lines <= sizeof bench->numbers / sizeof *bench->numbers);
    bench->series = series_table_new("space.instance.deployment.redis.0");
    bench->ring =
        ring_new(&(struct ring_options){.capacity = history, .evict = bench_evict, .arg = bench},
                 bench->series);
    for (size_t i = 0; i < lines; i++)
        bench->numbers[i] = series_intern(bench->series, "system.disk.d%zu.used", i);
}

static inline void bench_close(struct bench *bench)
{
    ring_free(bench->ring);
    series_table_free(bench->series);
    snapshot_clean(&bench->snapshot);
    event_base_free(bench->base);
}

static inline void bench_append(struct bench *bench)
{
    snapshot_clear(&bench->snapshot, BENCH_EPOCH_S + (int64_t)ring_end(bench->ring));
    for (size_t i = 0; i < bench->lines; i++)
        snapshot_add(&bench->snapshot, bench->numbers[i], i);
    assert_int_equal(ring_append(bench->ring, &bench->snapshot), 0);
}

/* The lines of one snapshot of the ring, added to `out`. */
static inline void bench_lines(struct bench *bench, uint64_t number, struct evbuffer *out)
{
    struct ring_cursor cursor = {0};

    assert_true(cursor_read(&cursor, bench->ring, number, &bench->snapshot));
    cursor_clean(&cursor);
    struct bytes text = {0};
    assert_int_equal(text_lines(&text, bench->series, &bench->snapshot), 0);
    assert_int_equal(evbuffer_add(out, text.data, text.len), 0);
    bytes_clean(&text);
}

static inline void bench_give_up(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    *(bool *)arg = true;
}

/* Runs the loop, event by event, until the condition holds. */
static inline void bench_until(struct bench *bench, bool (*holds)(void *arg), void *arg)
{
    const struct timeval patience = {.tv_sec = BENCH_GUARD_S};
    bool over = false;
    struct event *guard = evtimer_new(bench->base, bench_give_up, &over);

    evtimer_add(guard, &patience);
    while (!over && !holds(arg))
        assert_int_equal(event_base_loop(bench->base, EVLOOP_ONCE), 0);
    event_free(guard);
    assert_false(over);
}

struct bench_left {
    struct event_base *base;
    int events;
};

/* While it is asked, the guard is there too. */
static inline bool bench_has_left(void *arg)
{
    const struct bench_left *left = arg;

    return event_base_get_num_events(left->base, EVENT_BASE_COUNT_ADDED) == left->events + 1;
}

/* Until only so many events are left: processes that ended meanwhile are looked after then. */
static inline void bench_until_left(struct bench *bench, int events)
{
    struct bench_left left = {.base = bench->base, .events = events};

    bench_until(bench, bench_has_left, &left);
}

#endif
