/* A target of the push: when it tries again, and how it ends. */
#include "base/log.h"
#include "tests/unit/graphite.h"
#include "tests/unit/received.h"

static void hang_up_last(struct server *server)
{
    uint64_t failures = backoff_count + 1;

    hang_up(&server->peers[server->count - 1], false);
    wait_for(server, has_failures, failures);
}

static void only_a_connection_that_lasts_ends_the_backoff(void **state)
{
    const unsigned expected[] = {1, 2, 3, 4, 5, 1, 2};
    struct server server;

    (void)state;
    server_open(&server, 10);
    server.manner = CLOSES;
    start_listening(&server);
    start_target(&server);
    wait_for(&server, has_failures, 3);
    server.manner = READS;
    wait_for(&server, has_connections, server.count + 1);
    hang_up_last(&server);
    wait_for(&server, has_connections, server.count + 1);
    clock_ahead_ns += CLOCK_NS_PER_S * 29;
    hang_up_last(&server);
    wait_for(&server, has_connections, server.count + 1);
    clock_ahead_ns += CLOCK_NS_PER_S * 30;
    hang_up_last(&server);
    wait_for(&server, has_connections, server.count + 1);
    hang_up_last(&server);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(backoff_asked[i], expected[i]);
    server_close(&server);
}

/* Accepted and closed, over and over: that is one trouble, and over only when one lasts. */
static void a_peer_that_flaps_is_complained_of_once(void **state)
{
    struct server server;
    char said[4096];
    char expected[1024];

    (void)state;
    server_open(&server, 10);
    server.manner = CLOSES;
    start_listening(&server);
    hear_log();
    start_target(&server);
    wait_for(&server, has_failures, 5);
    server.manner = READS;
    wait_for(&server, has_connections, server.count + 1);
    append(&server, 1);
    wait_for(&server, nothing_owed, 0);
    log_write(LOG_LEVEL_INFO, "up, but for how long?");
    clock_ahead_ns += CLOCK_NS_PER_S * 30;
    append(&server, 1);
    heard_log(said);
    snprintf(
        expected, sizeof expected,
        "graphite test: connected, 0 snapshots are owed\n"
        "warning: graphite test: lost the connection to 127.0.0.1 port %u: closed by the peer; "
        "trying again, the ring keeps what it is owed\n"
        "up, but for how long?\n"
        "graphite test: up to date again, meanwhile no snapshot was lost\n",
        (unsigned)server.address.port);
    assert_string_equal(said, expected);
    server_close(&server);
}

/* And then there is nothing to complain of, although nothing has settled. */
static void stopping_sends_what_is_unsent_and_nothing_new(void **state)
{
    struct server server;
    unsigned seen[128];
    char said[4096];

    (void)state;
    server_open(&server, 100);
    server.manner = IGNORES;
    start_listening(&server);
    start_target(&server);
    wait_for(&server, has_connections, 1);
    append(&server, 90);
    target_stop(server.target);
    assert_false(target_idle(server.target));
    append(&server, 5);
    let_read(&server);
    wait_for(&server, nothing_owed, 0);
    assert_true(target_idle(server.target));
    hear_log();
    finish(&server);
    heard_log(said);
    assert_string_equal(said, "");
    assert_int_equal(judge(&server, seen, 128), 90);
    server_close(&server);
}

/* Nor is what it leaves behind left unsaid. */
static void stopped_it_does_not_come_back(void **state)
{
    struct server server;
    char said[4096];
    char expected[128];

    (void)state;
    server_open(&server, 10);
    server.manner = IGNORES;
    start_listening(&server);
    start_target(&server);
    wait_for(&server, has_connections, 1);
    append(&server, 5);
    target_stop(server.target);
    hang_up(&server.peers[0], true);
    wait_for(&server, is_down, 0);
    assert_true(target_idle(server.target));
    assert_int_equal(backoff_count, 0);

    uint64_t owed = target_status(server.target).owed;
    assert_true(owed > 0);
    hear_log();
    finish(&server);
    heard_log(said);
    snprintf(expected, sizeof expected,
             "warning: graphite test: ends with %lu snapshots undelivered\n", (unsigned long)owed);
    assert_string_equal(said, expected);
    server_close(&server);
}

/* Waiting for the next attempt it is idle at once; connecting, as soon as that came to nothing. */
static void it_stops_in_any_state(void **state)
{
    struct server server;

    (void)state;
    for (unsigned failures = 0; failures < 2; failures++) {
        server_open(&server, 10);
        append(&server, 5);
        start_target(&server);
        wait_for(&server, has_failures, failures);
        target_stop(server.target);
        assert_int_equal(target_idle(server.target), failures > 0);
        wait_for(&server, is_down, 0);
        assert_true(target_idle(server.target));
        bench_until_left(&server.bench, 0);
        server_close(&server);
    }
}

/* The last second is also for a connection that is being made. */
static void a_connection_under_way_at_the_stop_is_used(void **state)
{
    struct server server;

    (void)state;
    server_open(&server, 10);
    append(&server, 5);
    start_listening(&server);
    start_target(&server);
    target_stop(server.target);
    assert_string_equal(target_status(server.target).state, "connecting");
    wait_for(&server, nothing_owed, 0);
    assert_int_equal(target_status(server.target).sent, 5);
    server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_connection_that_lasts_ends_the_backoff),
        cmocka_unit_test(a_peer_that_flaps_is_complained_of_once),
        cmocka_unit_test(stopping_sends_what_is_unsent_and_nothing_new),
        cmocka_unit_test(stopped_it_does_not_come_back),
        cmocka_unit_test(it_stops_in_any_state),
        cmocka_unit_test(a_connection_under_way_at_the_stop_is_used),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
