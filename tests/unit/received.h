/* Judges what the connections of tests/unit/graphite.h received. */
#ifndef TESTS_UNIT_RECEIVED_H
#define TESTS_UNIT_RECEIVED_H

#include "tests/unit/graphite.h"

#include <stdio.h>

static inline size_t text_of(uint64_t number, char *text, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < LINES; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "space.instance.deployment.redis.0.system.disk.d%zu.used %zu %lu\n",
                                i, i, (unsigned long)(BENCH_EPOCH_S + (int64_t)number));
    assert_true(len < size);
    return len;
}

/* The number of the snapshot whose first line this is; 0 where the line is not whole. */
static inline uint64_t number_of(const char *line, size_t len)
{
    const char *end = memchr(line, '\n', len);
    const char *stamp = end ? memrchr(line, ' ', (size_t)(end - line)) : NULL;

    return stamp ? strtoul(stamp, NULL, 10) - (uint64_t)BENCH_EPOCH_S : 0;
}

/* What a connection got so far. */
struct order {
    uint64_t newest;
    uint64_t old; /* the newest of those that came after a newer one */
};

/* Each is newer than all before, or older and next in the row of the old ones. */
static inline void assert_order(struct order *order, uint64_t number)
{
    if (number > order->newest) {
        order->newest = number;
    } else {
        assert_true(number != order->newest && number > order->old);
        order->old = number;
    }
}

/*
 * Every connection got whole snapshots, the live ones and the old ones in rising order, the last
 * one perhaps cut short. Gives how many different ones arrived whole, of `seen`, which counts them
 * by number.
 */
static inline size_t judge(struct server *server, unsigned *seen, size_t size)
{
    size_t different = 0;

    memset(seen, 0, size * sizeof *seen);
    for (size_t i = 0; i < server->count; i++) {
        struct evbuffer *received = server->peers[i].received;
        size_t left = evbuffer_get_length(received);
        const char *at = (const char *)evbuffer_pullup(received, -1);
        struct order order = {0};

        while (left > 0) {
            char expected[16384];
            uint64_t number = number_of(at, left);
            size_t len = text_of(number ? number : 1, expected, sizeof expected);

            assert_true(number < size);
            if (number == 0) {
                assert_memory_equal(at, expected, left < 50 ? left : 50);
                break;
            }
            assert_memory_equal(at, expected, left < len ? left : len);
            assert_order(&order, number);
            if (left < len)
                break;
            different += seen[number]++ == 0;
            at += len;
            left -= len;
        }
    }
    return different;
}

#endif
