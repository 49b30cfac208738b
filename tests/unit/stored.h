/*
 * An agent as far as its ring and file go: a store with a real scribe, on a real event loop. All
 * that happens is waited for; the time limit is for a test that fails.
 */
#ifndef TESTS_UNIT_STORED_H
#define TESTS_UNIT_STORED_H

#include "base/clock.h"
#include "emitter/ring/store.h"
#include "tests/unit/heard.h"
#include "tests/unit/history.h"
#include "tests/unit/ringdirs.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/wait.h>

#define STORED_LIMIT_NS (INT64_C(30) * CLOCK_NS_PER_S)

struct stored {
    struct event_base *base;
    struct event *tick; /* so that the loop turns, whatever does not happen */
    struct series_table *table;
    struct ring *ring;
    struct store *store;
    unsigned ready, loaded, refused;
    pid_t holder;
    struct owed found; /* what the file says that "graphite" is owed */
    struct owed owed;  /* what it says itself */
};

static inline void stored_ready(void *arg)
{
    ((struct stored *)arg)->ready++;
}

static inline void stored_refused(void *arg, pid_t holder)
{
    ((struct stored *)arg)->refused++;
    ((struct stored *)arg)->holder = holder;
}

static inline void stored_loaded(void *arg, const struct positions *positions)
{
    struct stored *stored = arg;
    const struct position *position = positions_find(positions, "graphite");

    stored->loaded++;
    if (position)
        stored->found = position->owed;
}

static inline int stored_positions(void *arg, struct positions *positions)
{
    return positions_add(positions, "graphite", 0, &((struct stored *)arg)->owed);
}

static inline void stored_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static inline void stored_start(struct stored *stored, size_t capacity, uint64_t size_bytes)
{
    *stored = (struct stored){.base = event_base_new(), .table = series_table_new("n")};
    stored->tick = event_new(stored->base, -1, EV_PERSIST, stored_tick, NULL);
    event_add(stored->tick, &(struct timeval){.tv_usec = 5000});
    stored->ring = ring_new(&(struct ring_options){.capacity = capacity}, stored->table);
    stored->store = store_new(stored->base, stored->ring,
                              &(struct store_options){.dir = directory,
                                                      .size_bytes = size_bytes,
                                                      .sync_ms = 10000,
                                                      .ready = stored_ready,
                                                      .refused = stored_refused,
                                                      .loaded = stored_loaded,
                                                      .positions = stored_positions,
                                                      .arg = stored});
    assert_non_null(stored->store);
}

#define STORED_WAIT(stored, condition)                                                             \
    do {                                                                                           \
        int64_t limit_ns = clock_mono_ns() + STORED_LIMIT_NS;                                      \
        while (!(condition)) {                                                                     \
            if (clock_mono_ns() > limit_ns)                                                        \
                fail_msg("never: %s", #condition);                                                 \
            event_base_loop((stored)->base, EVLOOP_ONCE);                                          \
        }                                                                                          \
    } while (0)

static inline bool stored_in_state(const struct stored *stored, const char *state)
{
    return strcmp(store_status(stored->store).state, state) == 0;
}

static inline bool stored_written(const struct stored *stored)
{
    return stored_in_state(stored, "ok") && store_status(stored->store).behind == 0;
}

/* The scribe that lives now; 0: there is none, and nobody to kill. */
static inline pid_t stored_scribe(void)
{
    char path[64];
    char comm[32];
    pid_t scribe = 0;
    int pid = 0;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "r");
    assert_non_null(children);
    while (scribe == 0 && fscanf(children, "%d", &pid) == 1) {
        char state = 'Z';

        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        FILE *stat = fopen(path, "r");
        if (stat && fscanf(stat, "%*d (%31[^)]) %c", comm, &state) == 2 && state != 'Z' &&
            strcmp(comm, "altimeter-ring") == 0)
            scribe = pid;
        if (stat)
            fclose(stat);
    }
    fclose(children);
    return scribe;
}

/* The next one can only start once the lock is free. */
static inline void stored_end(struct stored *stored)
{
    pid_t scribe = stored_scribe();

    store_free(stored->store);
    if (scribe > 0)
        waitpid(scribe, NULL, 0);
    ring_free(stored->ring);
    assert_int_equal(series_count(stored->table), 0);
    series_table_free(stored->table);
    event_free(stored->tick);
    event_base_free(stored->base);
}

/* The agent goes as it should. */
static inline void stored_stop(struct stored *stored)
{
    store_stop(stored->store);
    STORED_WAIT(stored, store_idle(stored->store));
    stored_end(stored);
}

static inline void stored_take(struct stored *stored, uint64_t from, uint64_t end)
{
    for (uint64_t taken = from; taken < end; taken++) {
        history_append(stored->ring, stored->table, taken);
        store_notify(stored->store);
    }
}

/* Whether the ring has exactly these, and nothing before them but what may be there still. */
static inline void stored_check(const struct stored *stored, uint64_t from, uint64_t end)
{
    uint64_t oldest = 0;
    size_t count = history_read(stored->ring, stored->table, &oldest);

    assert_int_equal(oldest + count, end);
    assert_true(oldest <= from);
}

/* A start that is at its end once the file was read. */
static inline void stored_open(struct stored *stored, size_t capacity, uint64_t size_bytes)
{
    stored_start(stored, capacity, size_bytes);
    STORED_WAIT(stored, stored->ready > 0);
    assert_int_equal(stored->ready, 1);
    assert_int_equal(stored->loaded, 1);
}

#endif
