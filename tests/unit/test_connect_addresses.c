/*
 * A name with several addresses, on loopback. The resolver is the test's own, in the place of the C
 * library's.
 */
#include "tests/unit/attempt.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#define PATIENCE_MS 1000 /* the kernel gives up no sooner */
#define SILENT 5
#define ADDRESS(i) (INADDR_LOOPBACK + 1 + (uint32_t)(i)) /* 127.0.0.2 and so on */

static size_t address_count;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)name;
    (void)hints;
    *found = NULL;
    for (size_t i = address_count; i-- > 0;) {
        struct addrinfo *one = calloc(1, sizeof *one + sizeof(struct sockaddr_in));
        struct sockaddr_in *in = (struct sockaddr_in *)(one + 1);

        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)strtoul(service, NULL, 10));
        in->sin_addr.s_addr = htonl(ADDRESS(i));
        *one = (struct addrinfo){.ai_family = AF_INET,
                                 .ai_socktype = SOCK_STREAM,
                                 .ai_protocol = IPPROTO_TCP,
                                 .ai_addrlen = sizeof *in,
                                 .ai_addr = (struct sockaddr *)in,
                                 .ai_next = *found};
        *found = one;
    }
    return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
    while (found) {
        struct addrinfo *next = found->ai_next;

        free(found);
        found = next;
    }
}

/* Its queue is full, so what comes is dropped, as a black hole does. */
static void be_silent(int fds[3], size_t i, uint16_t port)
{
    const struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(ADDRESS(i))};

    fds[0] = listen_on_loopback(ADDRESS(i), port, 0);
    assert_true(fds[0] >= 0);
    for (size_t filling = 1; filling < 3; filling++) {
        fds[filling] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[filling], (const struct sockaddr *)&in, sizeof in), -1);
    }
}

static void one_good_address_is_found_behind_silent_ones(void **state)
{
    struct bench bench;
    struct attempt attempt;
    int silent[SILENT][3];
    int user_timeout_ms = -1;
    socklen_t len = sizeof user_timeout_ms;
    int good = listen_on_loopback(ADDRESS(SILENT), 0, 1);

    (void)state;
    for (size_t i = 0; i < SILENT; i++)
        be_silent(silent[i], i, port_of(good));
    address_count = SILENT + 1;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    open_attempt(&attempt, connector, "graphite.example", port_of(good), PATIENCE_MS);
    bench_until(&bench, is_done, &attempt);
    assert_string_equal(attempt.error, "");
    /* Or a peer that only does not read would be taken for dead. */
    assert_int_equal(getsockopt(connection_fd(attempt.connection), IPPROTO_TCP, TCP_USER_TIMEOUT,
                                &user_timeout_ms, &len),
                     0);
    assert_int_equal(user_timeout_ms, 0);
    connection_close(attempt.connection);

    close(good);
    address_count = 1;
    open_attempt(&attempt, connector, "graphite.example", port_of(silent[0][0]), PATIENCE_MS);
    bench_until(&bench, is_done, &attempt);
    assert_string_equal(attempt.error, "no answer in time");
    for (size_t i = 0; i < SILENT; i++)
        for (size_t j = 0; j < 3; j++)
            close(silent[i][j]);
    connector_free(connector);
    bench_close(&bench);
}

/* One that accepts and is no good must not be the first each time. */
static void the_order_changes(void **state)
{
    struct bench bench;
    struct attempt attempt;
    bool used[2] = {false, false};
    int first = listen_on_loopback(ADDRESS(0), 0, 64);
    int second = listen_on_loopback(ADDRESS(1), port_of(first), 64);

    (void)state;
    assert_true(second >= 0);
    address_count = 2;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    for (size_t i = 0; i < 64 && !(used[0] && used[1]); i++) {
        struct sockaddr_in peer = {0};
        socklen_t len = sizeof peer;

        open_attempt(&attempt, connector, "graphite.example", port_of(first), PATIENCE_MS);
        bench_until(&bench, is_done, &attempt);
        assert_string_equal(attempt.error, "");
        getpeername(connection_fd(attempt.connection), (struct sockaddr *)&peer, &len);
        used[ntohl(peer.sin_addr.s_addr) - ADDRESS(0)] = true;
        connection_close(attempt.connection);
    }
    assert_true(used[0] && used[1]);
    close(first);
    close(second);
    connector_free(connector);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_good_address_is_found_behind_silent_ones),
        cmocka_unit_test(the_order_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
