/* A target of the push: what is sent again, how fast, and what is not. */
#include "emitter/ring/owed.h"
#include "tests/unit/graphite.h"
#include "tests/unit/received.h"

#define SETTLE_S 60
#define SECONDS(count) (CLOCK_NS_PER_S * (count))

/* A peer that reads, and nothing is sent yet. */
static void open_good(struct server *server, struct target_options options)
{
    server_open(server, 2000);
    server->options = options;
    start_listening(server);
    start_target(server);
    wait_for(server, has_connections, 1);
}

static void append_delivered(struct server *server, size_t count)
{
    append(server, count);
    wait_for(server, nothing_owed, 0);
}

static void break_and_heal(struct server *server)
{
    hang_up(&server->peers[server->count - 1], false);
    wait_for(server, has_connections, server->count + 1);
    wait_for(server, nothing_owed, 0);
}

static void assert_seen(const unsigned *seen, size_t from, size_t end, unsigned times)
{
    for (size_t number = from; number < end; number++)
        assert_int_equal(seen[number], times);
}

/* 7 KB a snapshot, so that 200 are more than a MiB. */
static void what_was_acknowledged_just_now_comes_again(void **state)
{
    struct server server;
    unsigned seen[512];

    (void)state;
    open_good(&server, (struct target_options){.settle_ms = SETTLE_S * 1000});
    append_delivered(&server, 100);
    break_and_heal(&server); /* within the last seconds: all of it */
    append_delivered(&server, 200);
    clock_ahead_ns += SECONDS(SETTLE_S);
    append_delivered(&server, 200);
    break_and_heal(&server); /* the last minute's, which is more than the last MiB */
    clock_ahead_ns += SECONDS(SETTLE_S);
    break_and_heal(&server); /* the last MiB */
    finish(&server);
    assert_int_equal(judge(&server, seen, 512), 500);
    assert_seen(seen, 1, 101, 2);
    assert_seen(seen, 101, 301, 1);
    assert_seen(seen, 301, 501, 3);
    server_close(&server);
}

static uint64_t lines_heard(struct server *server)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < server->count; i++) {
        struct evbuffer *received = server->peers[i].received;
        size_t left = evbuffer_get_length(received);
        const unsigned char *at = evbuffer_pullup(received, -1);

        for (; left > 0; left--)
            lines += *at++ == '\n';
    }
    return lines;
}

/* One that hangs up again and again gets all of it again, but never faster than the rate. */
static void a_peer_that_flaps_gets_no_storm(void **state)
{
    const unsigned rate = 20000;
    struct server server;

    (void)state;
    server_open(&server, 2000);
    server.options = (struct target_options){.replay_rate = rate, .settle_ms = 60000};
    server.manner = CLOSES;
    server.patience_bytes = 140000;
    append(&server, 100);
    start_listening(&server);
    int64_t start_ns = clock_mono_ns();
    start_target(&server);
    wait_for(&server, has_failures, 6);
    wait_for(&server, all_hung_up, 0);
    int64_t took_ns = clock_mono_ns() - start_ns;
    uint64_t lines = lines_heard(&server);
    assert_true(lines > (uint64_t)5 * 140000 / 80);
    assert_true(lines <= (uint64_t)(took_ns / CLOCK_NS_PER_MS + 1) * rate / 1000 + rate / 20 +
                             LINES + LINES);
    server_close(&server);
}

static bool has_heard(void *arg)
{
    const struct server *server = arg;
    char stamp[32];
    int len = snprintf(stamp, sizeof stamp, " %lu\n",
                       (unsigned long)BENCH_EPOCH_S + (unsigned long)server->awaited);

    return server->count > 0 &&
           evbuffer_search(server->peers[server->count - 1].received, stamp, (size_t)len, NULL)
                   .pos >= 0;
}

/* An hour's worth is owed, or so; the newest ones come at once all the same, and when nothing is
 * left no timer is. */
static void live_lines_pass_old_ones(void **state)
{
    struct server server;
    unsigned seen[512];

    (void)state;
    server_open(&server, 2000);
    server.options = (struct target_options){.replay_rate = LINES * 10};
    append(&server, 400); /* 40 s at that rate */
    start_listening(&server);
    start_target(&server);
    wait_for(&server, has_heard, 400);
    wait_for(&server, has_heard, 3); /* nothing but time brings these */
    append(&server, 1);
    wait_for(&server, has_heard, 401);
    assert_true(target_status(server.target).owed > 350);

    for (unsigned i = 0; i < 400; i++) { /* each second brings one, its turn has come by then */
        clock_ahead_ns += SECONDS(1);
        target_notify(server.target);
        assert_true(event_base_loop(server.bench.base, EVLOOP_NONBLOCK) >= 0);
    }
    wait_for(&server, nothing_owed, 0);
    bench_until_left(&server.bench, 3);
    finish(&server);
    assert_int_equal(judge(&server, seen, 512), 401);
    assert_seen(seen, 1, 402, 1);
    server_close(&server);
}

/* A connection that has its age is changed for a new one: no failure, not a word. */
static void a_connection_does_not_grow_old(void **state)
{
    struct server server;
    unsigned seen[128];
    char said[4096];

    (void)state;
    hear_log();
    open_good(&server, (struct target_options){.max_age_ms = 60000, .settle_ms = 10000});
    append_delivered(&server, 10);
    clock_ahead_ns += SECONDS(59);
    append_delivered(&server, 1);
    assert_int_equal(server.count, 1);
    clock_ahead_ns += SECONDS(1);
    append(&server, 1);
    assert_string_equal(target_status(server.target).state, "connecting");
    assert_null(target_status(server.target).error);
    wait_for(&server, has_connections, 2);
    wait_for(&server, nothing_owed, 0);
    append_delivered(&server, 1);
    assert_int_equal(target_status(server.target).reconnects, 1);
    assert_int_equal(backoff_count, 0);
    heard_log(said);
    assert_string_equal(said, "graphite test: connected, 0 snapshots are owed\n");
    finish(&server);
    assert_int_equal(judge(&server, seen, 128), 13);
    assert_seen(seen, 1, 12, 2); /* less than a MiB, so unsettled */
    server_close(&server);
}

/* Ends, and another one begins with its position. */
static void a_restart_goes_on_where_it_was(void **state)
{
    struct server server;
    struct owed position;
    struct owed more = {0};
    unsigned seen[1024];

    (void)state;
    open_good(&server, (struct target_options){.settle_ms = SETTLE_S * 1000});
    append_delivered(&server, 200);
    clock_ahead_ns += SECONDS(SETTLE_S);
    append_delivered(&server, 200);
    append_delivered(&server, 1);
    target_position(server.target, &position);
    finish(&server);
    append(&server, 3); /* nobody listens to the ring just now */
    server.options.position = &position;
    server.options.lost = 5;
    start_target(&server);
    assert_int_equal(target_status(server.target).owed, 204);
    owed_add(&more, 7, 10); /* of another file, that was read late */
    target_owe(server.target, &more, 2);
    assert_int_equal(target_status(server.target).owed, 207);
    assert_int_equal(target_status(server.target).lost, 7);
    wait_for(&server, has_connections, 2);
    wait_for(&server, nothing_owed, 0);
    finish(&server);
    assert_int_equal(judge(&server, seen, 1024), 404);
    assert_seen(seen, 7, 10, 2);
    assert_seen(seen, 10, 201, 1);
    assert_seen(seen, 201, 402, 2);
    assert_seen(seen, 402, 405, 1);
    server_close(&server);
}

/* What the ring had overwritten before the restart is told when all else is delivered. */
static void what_a_restart_finds_gone_is_told(void **state)
{
    struct server server;
    struct owed position = {0};
    char said[4096];

    (void)state;
    hear_log();
    server_open(&server, 10);
    append(&server, 15);
    owed_add(&position, 4, UINT64_MAX);
    server.options.position = &position;
    start_listening(&server);
    start_target(&server);
    wait_for(&server, has_connections, 1);
    wait_for(&server, nothing_owed, 0);
    append(&server, 1);
    heard_log(said);
    assert_string_equal(
        said, "graphite test: connected, 10 snapshots are owed\n"
              "warning: graphite test: the ring overwrites what it is owed before it gets it\n"
              "graphite test: up to date again, meanwhile 2 snapshots were lost\n");
    assert_int_equal(target_status(server.target).lost, 2);
    server_close(&server);
}

static void the_last_acknowledgement_has_an_age(void **state)
{
    struct server server;

    (void)state;
    open_good(&server, (struct target_options){0});
    assert_int_equal(target_status(server.target).acked_age_ms, -1);
    append_delivered(&server, 1);
    clock_ahead_ns += SECONDS(5);
    int64_t age_ms = target_status(server.target).acked_age_ms;
    assert_in_range(age_ms, 5000, 5000 + BENCH_GUARD_S * 1000);
    append_delivered(&server, 1);
    assert_true(target_status(server.target).acked_age_ms < age_ms);
    server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_just_now_comes_again),
        cmocka_unit_test(a_peer_that_flaps_gets_no_storm),
        cmocka_unit_test(live_lines_pass_old_ones),
        cmocka_unit_test(a_connection_does_not_grow_old),
        cmocka_unit_test(a_restart_goes_on_where_it_was),
        cmocka_unit_test(what_a_restart_finds_gone_is_told),
        cmocka_unit_test(the_last_acknowledgement_has_an_age),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
