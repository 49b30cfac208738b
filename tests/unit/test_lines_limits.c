/* The raw lines' door: clients that do not read, or talk, or are too many. */
#include "tests/unit/client.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>

#define CLIENTS_MAX 64

static void who_does_not_read_is_dropped_and_costs_nobody_else(void **state)
{
    struct door door;
    struct client idle;
    struct client reader;
    uint64_t ticks = 0;

    (void)state;
    door_open(&door, 512);
    client_open(&idle, &door);
    client_open(&reader, &door);
    event_del(idle.readable);
    expect(&reader, 1, 2);
    while (lines_clients(door.lines) == 2 && ticks < 10000) {
        tick(&door);
        ticks++;
        expect(&reader, ticks + 1, ticks + 2);
    }
    assert_int_equal(lines_clients(door.lines), 1);
    tick(&door);
    expect(&reader, ticks + 2, ticks + 3);
    client_close(&idle);
    client_close(&reader);
    door_close(&door);
}

static void a_large_snapshot_still_reaches_who_reads(void **state)
{
    struct door door;
    struct client client;

    (void)state;
    door_open(&door, 512);
    client_open(&client, &door);
    expect(&client, 1, 2);
    /* 30720 lines: well above 1 MiB. */
    snapshot_clear(&door.bench.snapshot, BENCH_EPOCH_S + 2);
    for (unsigned i = 0; i < 60; i++)
        for (size_t j = 0; j < 512; j++)
            snapshot_add(&door.bench.snapshot, door.bench.numbers[j], i);
    assert_int_equal(ring_append(door.bench.ring, &door.bench.snapshot), 0);
    lines_notify(door.lines);
    expect(&client, 2, 3);
    client_close(&client);
    door_close(&door);
}

#define FLOOD_BYTES ((size_t)64 * 1024 * 1024)

struct flood {
    struct event *event;
    size_t sent;
    char garbage[65536];
};

static void on_flood(evutil_socket_t fd, short what, void *arg)
{
    struct flood *flood = arg;

    (void)what;
    for (unsigned i = 0; i < 64; i++) {
        ssize_t len = send(fd, flood->garbage, sizeof flood->garbage, MSG_DONTWAIT);
        if (len < 0)
            return;
        flood->sent += (size_t)len;
    }
}

static bool is_flooded(void *arg)
{
    return ((const struct flood *)arg)->sent >= FLOOD_BYTES;
}

/* libevent's memory, counted. */
static size_t held_bytes;

static void *count_malloc(size_t size)
{
    void *memory = malloc(size);

    held_bytes += malloc_usable_size(memory);
    return memory;
}

static void *count_realloc(void *memory, size_t size)
{
    held_bytes -= malloc_usable_size(memory);
    memory = realloc(memory, size);
    held_bytes += malloc_usable_size(memory);
    return memory;
}

static void count_free(void *memory)
{
    held_bytes -= malloc_usable_size(memory);
    free(memory);
}

/* A client that sends at full speed gets its lines, and so does everybody else; memory is flat. */
static void input_is_ignored_however_much(void **state)
{
    struct door door;
    struct client talker;
    struct client other;
    struct flood *flood = calloc(1, sizeof *flood);

    (void)state;
    memset(flood->garbage, 0xff, sizeof flood->garbage);
    door_open(&door, 50);
    client_open(&talker, &door);
    flood->event = event_new(door.bench.base, talker.fd, EV_WRITE | EV_PERSIST, on_flood, flood);
    event_add(flood->event, NULL);
    client_open(&other, &door);
    expect(&talker, 1, 2);
    expect(&other, 1, 2);
    for (uint64_t number = 2; number < 50; number++) {
        tick(&door);
        expect(&other, number, number + 1);
        expect(&talker, number, number + 1);
    }
    size_t before = held_bytes;
    bench_until(&door.bench, is_flooded, flood);
    assert_true(held_bytes < before + FLOOD_BYTES / 64);
    event_free(flood->event);
    free(flood);
    client_close(&talker);
    client_close(&other);
    door_close(&door);
}

static void the_65th_is_turned_away(void **state)
{
    struct door door;
    struct client clients[CLIENTS_MAX];
    struct client more;

    (void)state;
    door_open(&door, 5);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        client_open(&clients[i], &door);
        expect(&clients[i], 1, 2);
    }
    client_open(&more, &door);
    bench_until(&door.bench, is_closed, &more);
    assert_int_equal(evbuffer_get_length(more.received), 0);
    assert_int_equal(lines_clients(door.lines), CLIENTS_MAX);
    client_close(&more);

    client_close(&clients[7]); /* its place is free again */
    while (lines_clients(door.lines) == CLIENTS_MAX)
        assert_int_equal(event_base_loop(door.bench.base, EVLOOP_ONCE), 0);
    client_open(&clients[7], &door);
    expect(&clients[7], 1, 2);
    tick(&door);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        expect(&clients[i], 2, 3);
        client_close(&clients[i]);
    }
    door_close(&door);
}

/* Out of descriptors: no busy loop meanwhile, and who waited is served when there are some again.
 */
static void it_recovers_from_a_lack_of_descriptors(void **state)
{
    struct door door;
    struct client client;
    struct rlimit before;

    (void)state;
    door_open(&door, 5);
    client_open(&client, &door);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {.rlim_cur = 3, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(event_base_loop(door.bench.base, EVLOOP_ONCE), 0);
    assert_int_equal(lines_clients(door.lines), 0);
    /* All that is left is its timer and the client's event: nothing is ready. */
    for (unsigned i = 0; i < 3; i++)
        event_base_loop(door.bench.base, EVLOOP_NONBLOCK);
    assert_int_equal(event_base_get_num_events(door.bench.base, EVENT_BASE_COUNT_ADDED), 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect(&client, 1, 2);
    client_close(&client);
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_not_read_is_dropped_and_costs_nobody_else),
        cmocka_unit_test(a_large_snapshot_still_reaches_who_reads),
        cmocka_unit_test(input_is_ignored_however_much),
        cmocka_unit_test(the_65th_is_turned_away),
        cmocka_unit_test(it_recovers_from_a_lack_of_descriptors),
    };

    signal(SIGPIPE, SIG_IGN);
    event_set_mem_functions(count_malloc, count_realloc, count_free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
