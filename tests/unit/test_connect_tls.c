/* TLS through libcurl's door, against a server of OpenSSL's own: whom it trusts and what it says.
 */
#include "tests/unit/tls_server.h"

static struct tls_server server;

static int set_up(void **state)
{
    (void)state;
    tls_open(&server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_close(&server);
    return 0;
}

static struct connection_options trusting(const char *authority)
{
    return (struct connection_options){.tls_ca = tls_file(&server, authority)};
}

static void tell(struct connection *connection, const char *text)
{
    server.awaited = evbuffer_get_length(server.heard) + strlen(text);
    assert_int_equal(connection_send(connection, text, strlen(text)), strlen(text));
    bench_until(&server.bench, tls_heard, &server);
    assert_memory_equal(evbuffer_pullup(server.heard, -1) + server.awaited - strlen(text), text,
                        strlen(text));
}

/* Also that session tickets, which come by themselves, are nothing to read. */
static void it_talks_to_whom_it_trusts(void **state)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    static const char *const versions[][2] = {{"-tls1_2"}, {"-tls1_3"}};
    struct attempt attempt;
    char bytes[16];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        tls_start(&server, "good", versions[i]);
        tls_connect(&server, &attempt, hosts[i], trusting("ca.crt"));
        assert_string_equal(attempt.error, "");
        assert_int_equal(event_base_get_num_events(server.bench.base, EVENT_BASE_COUNT_ADDED), 1);
        tell(attempt.connection, "a.b 1 1594380000\n");
        assert_int_equal(connection_recv(attempt.connection, bytes, sizeof bytes), -1);
        assert_int_equal(errno, EAGAIN);
        assert_int_equal(write(server.input, "you", 3), 3);
        assert_int_equal(receive_all(attempt.connection, bytes, sizeof bytes), 3);
        assert_memory_equal(bytes, "you", 3);
        tls_stop(&server);
        assert_int_equal(receive_all(attempt.connection, bytes, sizeof bytes), 0);
        connection_close(attempt.connection);
    }
}

/* A farewell as TLS wants it: the server gives one where its input ends. */
static void a_close_is_the_end(void **state)
{
    struct attempt attempt;
    char bytes[16];

    (void)state;
    tls_start(&server, "good", NULL);
    tls_connect(&server, &attempt, "localhost", trusting("ca.crt"));
    assert_string_equal(attempt.error, "");
    close(server.input);
    server.input = dup(STDIN_FILENO);
    assert_int_equal(receive_all(attempt.connection, bytes, sizeof bytes), 0);
    connection_close(attempt.connection);
    tls_stop(&server);
}

static void who_is_not_trusted_is_refused(void **state)
{
    static const struct {
        const char *leaf;
        const char *authority;
        const char *why;
    } rows[] = {
        {"good", "other-ca.crt", "unable to get local issuer certificate"},
        {"good", NULL, "unable to get local issuer certificate"},
        {"wrong-host", "ca.crt", "no alternative certificate subject name matches"},
        {"expired", "ca.crt", "certificate has expired"},
        {"good", "missing.crt", "missing.crt"},
        {"good", "good.key", "error setting certificate file"},
    };
    struct attempt attempt;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tls_start(&server, rows[i].leaf, NULL);
        tls_connect(&server, &attempt, "localhost",
                    rows[i].authority ? trusting(rows[i].authority)
                                      : (struct connection_options){0});
        if (!strstr(attempt.error, rows[i].why) || strncmp(attempt.error, "no TLS: ", 8) != 0)
            fail_msg("%s, %s: %s", rows[i].leaf, rows[i].authority, attempt.error);
        assert_int_equal(evbuffer_get_length(server.heard), 0);
        tls_stop(&server);
    }
}

/* The server wants to know who we are; with TLS 1.3 its refusal comes after the handshake. */
static void it_shows_who_it_is(void **state)
{
    static const char *const versions[] = {"-tls1_2", "-tls1_3"};
    struct attempt attempt;
    char bytes[16];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *const demands[] = {"-CAfile", tls_file(&server, "ca.crt"), "-Verify",
                                       "1",       "-verify_return_error",      versions[i],
                                       NULL};
        struct connection_options options = trusting("ca.crt");

        tls_start(&server, "good", demands);
        tls_connect(&server, &attempt, "localhost", options);
        if (!attempt.failed) {
            assert_int_equal(receive_all(attempt.connection, bytes, sizeof bytes), -1);
            assert_int_equal(errno, EPROTO);
            strncpy(attempt.error, connection_why(attempt.connection), sizeof attempt.error - 1);
            connection_close(attempt.connection);
        }
        if (!strstr(attempt.error, "alert"))
            fail_msg("%s: %s", versions[i], attempt.error);

        options.tls_cert = tls_file(&server, "client.crt");
        options.tls_key = tls_file(&server, "client.key");
        tls_attempt(&server, &attempt, "localhost", options);
        assert_string_equal(attempt.error, "");
        tell(attempt.connection, "hello\n");
        connection_close(attempt.connection);

        options.tls_key = tls_file(&server, "missing.key");
        tls_attempt(&server, &attempt, "localhost", options);
        if (!strstr(attempt.error, "missing.key"))
            fail_msg("missing key: %s", attempt.error);
        tls_stop(&server);
    }
}

static void trust(const char *authority)
{
    unlink(tls_file(&server, "trusted.crt"));
    assert_int_equal(symlink(authority, tls_file(&server, "trusted.crt")), 0);
}

static void its_files_are_read_anew(void **state)
{
    struct attempt attempt;

    (void)state;
    trust("other-ca.crt");
    tls_start(&server, "good", NULL);
    tls_connect(&server, &attempt, "localhost", trusting("trusted.crt"));
    assert_true(attempt.failed);
    trust("ca.crt");
    tls_attempt(&server, &attempt, "localhost", trusting("trusted.crt"));
    assert_string_equal(attempt.error, "");
    connection_close(attempt.connection);
    trust("other-ca.crt");
    tls_attempt(&server, &attempt, "localhost", trusting("trusted.crt"));
    assert_true(attempt.failed);
    tls_stop(&server);
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    *(int *)arg = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    shutdown(*(int *)arg, SHUT_WR);
}

/* A receiver without TLS takes the handshake for lines: it never answers, or does not like them. */
static void a_plain_port_is_told_from_a_dead_one(void **state)
{
    struct connection_options options = trusting("ca.crt");
    struct attempt attempt;
    int peer = -1;
    int fd = listen_on_loopback(INADDR_LOOPBACK, 0, 1);
    struct event *accepts = event_new(server.bench.base, fd, EV_READ, on_client, &peer);

    (void)state;
    server.port = port_of(fd);
    options.patience_ms = 200;
    tls_attempt(&server, &attempt, "127.0.0.1", options);
    assert_string_equal(attempt.error, "the TLS handshake is not answered in time");
    close(accept4(fd, NULL, NULL, SOCK_CLOEXEC));

    event_add(accepts, NULL);
    tls_attempt(&server, &attempt, "127.0.0.1", trusting("ca.crt"));
    assert_string_equal(attempt.error, "closed by the peer in the TLS handshake");
    event_free(accepts);
    close(peer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_talks_to_whom_it_trusts),
        cmocka_unit_test(a_close_is_the_end),
        cmocka_unit_test(who_is_not_trusted_is_refused),
        cmocka_unit_test(it_shows_who_it_is),
        cmocka_unit_test(its_files_are_read_anew),
        cmocka_unit_test(a_plain_port_is_told_from_a_dead_one),
    };

    return tls_available() ? cmocka_run_group_tests(tests, set_up, tear_down) : 0;
}
