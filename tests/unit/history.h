/*
 * Snapshots that follow from one number, `taken`, which is also their timestamp: so whatever serves
 * one can be looked at without a copy of it. Which series they have changes now and then.
 */
#ifndef TESTS_UNIT_HISTORY_H
#define TESTS_UNIT_HISTORY_H

#include "base/series.h"
#include "emitter/ring/cursor.h"
#include "emitter/ring/ring.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define HISTORY_START_S INT64_C(1594380000)
#define HISTORY_SERIES 40

static inline uint64_t history_hash(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) ^ b * UINT64_C(0xbf58476d1ce4e5b9);

    x = (x ^ x >> 29) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 32;
}

/* Never the same twice, always the same in the next run. */
static inline uint64_t history_any(uint64_t below)
{
    static uint64_t turn;

    return history_hash(++turn, 77) % below;
}

static inline bool history_has(uint64_t taken, unsigned series)
{
    uint64_t epoch = taken / 29;

    return epoch % 7 != 3 && history_hash(epoch / 2, series) % 4 != 0 &&
           (series != 5 || taken % 29 > 3);
}

static inline int64_t history_value(uint64_t taken, unsigned series)
{
    switch (series % 4) {
    case 0:
        return series;
    case 1:
        return (int64_t)(taken * 1000 + series);
    case 2:
        return (int64_t)(history_hash(taken, series) % 100000);
    default:
        return taken % 11 == 0 ? (int64_t)(history_hash(taken, series) % SNAPSHOT_VALUE_MAX) : 7;
    }
}

static inline void history_name(unsigned series, char name[32])
{
    snprintf(name, 32, "disk.mount_%u.%s", series / 3, series % 3 ? "used" : "free");
    if (series % 3 == 2)
        snprintf(name, 32, "cpu%u.user", series);
}

/* As a collector does, it lets go of the series after the ring took the snapshot. */
static inline void history_append(struct ring *ring, struct series_table *table, uint64_t taken)
{
    struct snapshot snapshot = {0};
    char name[32];

    snapshot_clear(&snapshot, HISTORY_START_S + (int64_t)taken);
    for (unsigned i = 0; i < HISTORY_SERIES; i++) {
        history_name(i, name);
        if (history_has(taken, i))
            snapshot_add(&snapshot, series_intern(table, "%s", name),
                         (uint64_t)history_value(taken, i));
    }
    assert_int_equal(ring_append(ring, &snapshot), 0);
    for (size_t i = 0; i < snapshot.count; i++)
        series_release(table, snapshot.series[i]);
    snapshot_clean(&snapshot);
}

/* Looks at the whole snapshot and gives what it was `taken` as. */
static inline uint64_t history_check(const struct series_table *table,
                                     const struct snapshot *snapshot)
{
    uint64_t taken = (uint64_t)(snapshot->timestamp_s - HISTORY_START_S);
    size_t at = 0;
    char name[32];
    char path[40];

    for (unsigned i = 0; i < HISTORY_SERIES; i++) {
        size_t len = 0;

        if (!history_has(taken, i))
            continue;
        history_name(i, name);
        snprintf(path, sizeof path, "n.%s", name);
        assert_true(at < snapshot->count);
        assert_string_equal(series_path(table, snapshot->series[at], &len), path);
        assert_true(snapshot->values[at] == history_value(taken, i));
        at++;
    }
    assert_int_equal(at, snapshot->count);
    return taken;
}

/* Reads all that the ring has; `*first` is the oldest, each one follows the one before it. Gives
 * how many there are. */
static inline size_t history_read(const struct ring *ring, const struct series_table *table,
                                  uint64_t *first)
{
    struct ring_cursor cursor = {.next = ring_first(ring)};
    struct snapshot snapshot = {0};
    size_t count = 0;

    *first = 0;
    while (cursor_next(&cursor, ring, &snapshot)) {
        uint64_t taken = history_check(table, &snapshot);

        if (count == 0)
            *first = taken;
        assert_int_equal(taken, *first + count);
        count++;
    }
    if (count > 0) {
        assert_int_equal(ring_newest(ring, &snapshot), 0);
        assert_int_equal(history_check(table, &snapshot), *first + count - 1);
    }
    assert_int_equal(count, ring_count(ring));
    cursor_clean(&cursor);
    snapshot_clean(&snapshot);
    return count;
}

#endif
