/* A delivery without a connection, and a clock of its own. */
#ifndef TESTS_UNIT_DELIVER_H
#define TESTS_UNIT_DELIVER_H

#include "emitter/push/delivery.h"

#include "base/clock.h"
#include "tests/unit/bench.h"

#define START_NS (CLOCK_NS_PER_S * 1000)

/* Time passes only where a test says so. */
static int64_t now_ns;

static inline void evict(void *arg, uint64_t end)
{
    delivery_evict(arg, end);
}

static inline struct delivery *deliver(struct bench *bench, const struct delivery_options *options)
{
    struct delivery *delivery = delivery_new(bench->ring, bench->series, options);

    assert_non_null(delivery);
    now_ns = START_NS;
    bench->evict = evict;
    bench->evict_arg = delivery;
    return delivery;
}

static inline void end(struct bench *bench, struct delivery *delivery)
{
    delivery_free(delivery);
    bench_close(bench);
}

static inline void append(struct bench *bench, struct delivery *delivery, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bench_append(bench);
        delivery_owe_new(delivery);
    }
}

static inline void assert_counts(const struct delivery *delivery, uint64_t owed, uint64_t under_way,
                                 uint64_t acked, uint64_t lost)
{
    struct delivery_counts counts = delivery_counts(delivery);

    assert_int_equal(counts.owed, owed);
    assert_int_equal(counts.under_way, under_way);
    assert_int_equal(counts.acked, acked);
    assert_int_equal(counts.lost, lost);
}

/* What is peeked is the unsent rest of this snapshot's lines, from byte `from` on. */
static inline size_t assert_next(struct bench *bench, struct delivery *delivery, uint64_t number,
                                 size_t from)
{
    struct evbuffer *expected = evbuffer_new();
    size_t len = 0;
    const void *bytes = delivery_peek(delivery, now_ns, &len);

    bench_lines(bench, number, expected);
    evbuffer_drain(expected, from);
    assert_non_null(bytes);
    assert_int_equal(len, evbuffer_get_length(expected));
    assert_memory_equal(bytes, evbuffer_pullup(expected, -1), len);
    evbuffer_free(expected);
    return len;
}

static inline size_t send_next(struct bench *bench, struct delivery *delivery, uint64_t number)
{
    size_t len = assert_next(bench, delivery, number, 0);

    delivery_sent(delivery, len);
    return len;
}

static inline void assert_nothing_goes(struct delivery *delivery)
{
    size_t len = 0;

    assert_null(delivery_peek(delivery, now_ns, &len));
}

#endif
