/* A target of the push: what arrives at servers good and bad. */
#include "tests/unit/graphite.h"
#include "tests/unit/received.h"

#include <stdio.h>

/* The listener, both ends watched for the other's, and who waits for this: no timer of ours. */
static bool is_quiet(void *arg)
{
    const struct server *server = arg;

    return event_base_get_num_events(server->bench.base, EVENT_BASE_COUNT_ADDED) == 4;
}

static void all_arrives_in_order_and_then_all_is_quiet(void **state)
{
    struct server server;
    unsigned seen[16];

    (void)state;
    server_open(&server, 10);
    append(&server, 5);
    start_listening(&server);
    start_target(&server);
    assert_int_equal(target_status(server.target).owed, 5);
    wait_for(&server, nothing_owed, 0);
    for (unsigned i = 0; i < 3; i++) {
        append(&server, 1);
        wait_for(&server, nothing_owed, 0);
    }
    struct target_status status = target_status(server.target);
    assert_string_equal(status.name, "test");
    assert_string_equal(status.state, "up");
    assert_null(status.error);
    assert_int_equal(status.sent, 8);
    assert_int_equal(status.lost, 0);
    assert_int_equal(status.reconnects, 0);
    wait_for(&server, is_quiet, 0);

    finish(&server);
    assert_int_equal(server.count, 1);
    assert_int_equal(judge(&server, seen, 16), 8);
    server_close(&server);
}

static void break_again_and_again(enum manner manner)
{
    struct server server;
    unsigned seen[256];

    server_open(&server, 250);
    server.manner = manner;
    server.patience_bytes = 17001;
    start_listening(&server);
    append(&server, 40);
    start_target(&server);
    for (unsigned i = 0; i < 160; i++) {
        append(&server, 1);
        assert_int_equal(event_base_loop(server.bench.base, EVLOOP_ONCE), 0);
    }
    wait_for(&server, has_connections, 12);
    server.manner = READS;
    wait_for(&server, has_connections, server.count + (server.peers[server.count - 1].fd < 0));
    wait_for(&server, nothing_owed, 0);
    struct target_status status = target_status(server.target);
    assert_int_equal(status.lost, 0);
    finish(&server);
    assert_int_equal(status.reconnects, server.count - 1);
    assert_int_equal(judge(&server, seen, 256), 200);
    server_close(&server);
}

static void a_peer_that_closes_misses_nothing(void **state)
{
    (void)state;
    break_again_and_again(CLOSES);
}

static void a_peer_that_resets_misses_nothing(void **state)
{
    (void)state;
    break_again_and_again(RESETS);
}

/* One by one, so that the last one that is tried is in hand when the peer takes no more. */
static void append_unread(struct server *server, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        append(server, 1);
        assert_true(event_base_loop(server->bench.base, EVLOOP_NONBLOCK) >= 0);
    }
}

/* For hours, or so; then it goes on exactly where it was. */
static void a_peer_that_does_not_read_loses_only_what_the_ring_lost(void **state)
{
    struct server server;
    unsigned seen[2048];

    (void)state;
    server_open(&server, 50);
    server.manner = IGNORES;
    start_listening(&server);
    start_target(&server);
    wait_for(&server, has_connections, 1);
    append_unread(&server, 2000);
    clock_ahead_ns += CLOCK_NS_PER_S * 3600;
    struct target_status status = target_status(server.target);
    assert_string_equal(status.state, "up");
    assert_true(status.lost > 100);
    /* The listener, both directions of the connection, and the look at what was acknowledged. */
    bench_until_left(&server.bench, 4);
    uint64_t lost = status.lost;

    let_read(&server);
    wait_for(&server, nothing_owed, 0);
    status = target_status(server.target);
    assert_int_equal(status.reconnects, 0);
    assert_int_equal(status.lost, lost);
    assert_int_equal(status.sent, 2000 - lost);
    finish(&server);
    assert_int_equal(server.count, 1);
    assert_int_equal(judge(&server, seen, 2048), 2000 - lost);
    for (size_t number = 1951; number <= 2000; number++)
        assert_int_equal(seen[number], 1);
    server_close(&server);
}

/* Reset while a snapshot is in hand and unsent, or half sent: it comes again as a whole. */
static void a_broken_line_is_never_continued(void **state)
{
    struct server server;
    unsigned seen[2048];
    char bytes[BUFFER_BYTES];

    (void)state;
    server_open(&server, 2000);
    server.manner = IGNORES;
    start_listening(&server);
    start_target(&server);
    wait_for(&server, has_connections, 1);
    append_unread(&server, 1000);
    /* The peer takes no more: see the test before. */
    bench_until_left(&server.bench, 4);
    server.manner = READS;
    reset_early(&server.peers[0], bytes);
    wait_for(&server, nothing_owed, 0);
    assert_int_equal(target_status(server.target).reconnects, 1);
    finish(&server);
    assert_int_equal(judge(&server, seen, 2048), 1000);
    server_close(&server);
}

static void a_peer_that_talks_back_is_not_listened_to(void **state)
{
    struct server server;
    unsigned seen[128];

    (void)state;
    server_open(&server, 100);
    server.manner = TALKS_BACK;
    start_listening(&server);
    start_target(&server);
    for (unsigned i = 0; i < 100; i++) {
        append(&server, 1);
        assert_int_equal(event_base_loop(server.bench.base, EVLOOP_ONCE), 0);
    }
    wait_for(&server, nothing_owed, 0);
    server.manner = READS;
    event_del(server.peers[0].writable);
    finish(&server);
    assert_int_equal(server.count, 1);
    assert_int_equal(judge(&server, seen, 128), 100);
    server_close(&server);
}

static void a_peer_that_comes_later_gets_what_the_ring_kept(void **state)
{
    struct server server;
    unsigned seen[32];
    char said[4096];
    char expected[1024];

    (void)state;
    server_open(&server, 10);
    append(&server, 5);
    hear_log();
    start_target(&server);
    wait_for(&server, has_failures, 3);
    struct target_status status = target_status(server.target);
    assert_string_equal(status.error, "connection refused");
    append(&server, 8); /* three more than the ring holds */
    status = target_status(server.target);
    assert_int_equal(status.owed, 10);
    assert_int_equal(status.lost, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(backoff_asked[i], i + 1);

    start_listening(&server);
    wait_for(&server, nothing_owed, 0);
    append(&server, 1);
    wait_for(&server, nothing_owed, 0);
    status = target_status(server.target);
    assert_string_equal(status.state, "up");
    assert_null(status.error);
    assert_int_equal(status.sent, 11);
    assert_int_equal(status.lost_from_s, BENCH_EPOCH_S + 1);
    assert_int_equal(status.lost_to_s, BENCH_EPOCH_S + 3);

    clock_ahead_ns += CLOCK_NS_PER_S * 3600;
    hang_up(&server.peers[0], false);
    wait_for(&server, has_connections, 2);
    append(&server, 1);
    wait_for(&server, nothing_owed, 0);
    append(&server, 1);
    finish(&server);
    heard_log(said);
    assert_int_equal(judge(&server, seen, 32), 13);

    snprintf(
        expected, sizeof expected,
        "warning: graphite test: cannot connect to 127.0.0.1 port %u: connection refused; "
        "trying again, the ring keeps what it is owed\n"
        "graphite test: connected, 10 snapshots are owed\n"
        "graphite test: up to date again, meanwhile 3 snapshots were lost, "
        "from 2020-07-10T11:20:01Z to 2020-07-10T11:20:03Z\n"
        "warning: graphite test: lost the connection to 127.0.0.1 port %u: closed by the peer; "
        "trying again, the ring keeps what it is owed\n"
        "graphite test: up to date again, meanwhile no snapshot was lost\n",
        (unsigned)server.address.port, (unsigned)server.address.port);
    assert_string_equal(said, expected);
    server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_arrives_in_order_and_then_all_is_quiet),
        cmocka_unit_test(a_peer_that_closes_misses_nothing),
        cmocka_unit_test(a_peer_that_resets_misses_nothing),
        cmocka_unit_test(a_peer_that_does_not_read_loses_only_what_the_ring_lost),
        cmocka_unit_test(a_broken_line_is_never_continued),
        cmocka_unit_test(a_peer_that_talks_back_is_not_listened_to),
        cmocka_unit_test(a_peer_that_comes_later_gets_what_the_ring_kept),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
