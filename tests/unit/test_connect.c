/* libcurl's door, against real sockets on loopback. */
#include "tests/unit/adapting.h"
#include "tests/unit/attempt.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define TIMES 50

/* A listener on loopback, or -1; its port. */
static uint16_t listener(int family, int *fd, int backlog)
{
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

    *fd = family == AF_INET6 ? listen_on((const struct sockaddr *)&in6, sizeof in6, backlog)
                             : listen_on_loopback(INADDR_LOOPBACK, 0, backlog);
    return *fd < 0 ? 0 : port_of(*fd);
}

/* Both ways, its end, and nothing left in the loop once it stands. */
static void converse(struct bench *bench, struct connector *connector, const char *host, int family)
{
    struct attempt attempt;
    int fd = -1;
    char bytes[16];
    uint16_t port = listener(family, &fd, 1);

    if (port == 0) {
        print_message("%s: skipped, there is no such address here\n", host);
        return;
    }
    open_attempt(&attempt, connector, host, port, PATIENCE_MS);
    bench_until(bench, is_done, &attempt);
    assert_string_equal(attempt.error, "");
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(peer >= 0);
    bench_until_left(bench, 0);
    assert_true(fcntl(connection_fd(attempt.connection), F_GETFD) & FD_CLOEXEC);

    assert_int_equal(connection_recv(attempt.connection, bytes, sizeof bytes), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(connection_send(attempt.connection, "hello", 5), 5);
    assert_int_equal(recv(peer, bytes, sizeof bytes, 0), 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal(send(peer, "you", 3, 0), 3);
    assert_int_equal(receive_all(attempt.connection, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "you", 3);
    close(peer);
    assert_int_equal(receive_all(attempt.connection, bytes, sizeof bytes), 0);
    connection_close(attempt.connection);
    close(fd);
}

static void it_connects_by_name_and_by_address(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    converse(&bench, connector, "localhost", AF_INET);
    converse(&bench, connector, "127.0.0.1", AF_INET);
    converse(&bench, connector, "::1", AF_INET6);
    connector_free(connector);
    bench_close(&bench);
}

static void a_reset_has_its_errno(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct bench bench;
    struct attempt attempt;
    int fd = -1;
    char bytes[16];
    uint16_t port = listener(AF_INET, &fd, 1);

    (void)state;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    open_attempt(&attempt, connector, "127.0.0.1", port, PATIENCE_MS);
    bench_until(&bench, is_done, &attempt);
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer);
    assert_int_equal(receive_all(attempt.connection, bytes, sizeof bytes), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(connection_send(attempt.connection, "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    connection_close(attempt.connection);
    close(fd);
    connector_free(connector);
    bench_close(&bench);
}

static void a_failure_says_why(void **state)
{
    struct bench bench;
    struct attempt attempt;
    int fd = -1;
    char name[65];
    uint16_t port = listener(AF_INET, &fd, -1); /* bound, and nobody listens */

    (void)state;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    open_attempt(&attempt, connector, "127.0.0.1", port, PATIENCE_MS);
    bench_until(&bench, is_done, &attempt);
    assert_string_equal(attempt.error, "connection refused");

    memset(name, 'n', sizeof name - 1); /* a label has at most 63: no server need be asked */
    name[sizeof name - 1] = '\0';
    open_attempt(&attempt, connector, name, port, PATIENCE_MS);
    bench_until(&bench, is_done, &attempt);
    assert_string_equal(attempt.error, "could not resolve the host name");
    connector_free(connector);
    close(fd);
    bench_close(&bench);
}

/* A listener whose queue is full drops what comes, as a black hole does. */
static void patience_ends(void **state)
{
    struct bench bench;
    struct attempt queued;
    struct attempt more;
    struct attempt waiting;
    int fd = -1;
    uint16_t port = listener(AF_INET, &fd, 0);

    (void)state;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    open_attempt(&queued, connector, "127.0.0.1", port, PATIENCE_MS);
    bench_until(&bench, is_done, &queued);
    assert_false(queued.failed);
    open_attempt(&waiting, connector, "127.0.0.1", port, 100);
    open_attempt(&more, connector, "127.0.0.1", port, PATIENCE_MS);
    bench_until(&bench, is_done, &waiting);
    assert_string_equal(waiting.error, "no answer in time");
    assert_false(more.done);
    connection_close(more.connection); /* in the middle of it; on_done is called no more */
    connection_close(queued.connection);
    bench_until_left(&bench, 0);
    connector_free(connector);
    close(fd);
    bench_close(&bench);
}

/* Also before the loop ran once, and in the middle of looking up a name. */
static void it_closes_in_any_state(void **state)
{
    struct bench bench;
    struct attempt attempt;

    (void)state;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    open_attempt(&attempt, connector, "graphite.invalid", 2003, PATIENCE_MS);
    connection_close(attempt.connection);
    open_attempt(&attempt, connector, "graphite.invalid", 2003, PATIENCE_MS);
    assert_int_equal(event_base_loop(bench.base, EVLOOP_ONCE), 0);
    if (!attempt.done)
        connection_close(attempt.connection);
    bench_until_left(&bench, 0);
    connector_free(connector);
    bench_close(&bench);
}

/* Good ones and bad ones: neither a process, not even a dead one, nor a descriptor is left. */
static void many_attempts_leave_nothing(void **state)
{
    struct bench bench;
    int fd = -1;
    int bound = -1;
    uint16_t port = listener(AF_INET, &fd, TIMES);
    uint16_t nobody = listener(AF_INET, &bound, -1);

    (void)state;
    while (waitpid(-1, NULL, 0) > 0) /* whom the tests before left to the end of the process */
        ;
    bench_open(&bench, 1, 1);
    struct connector *connector = connector_new(bench.base);
    size_t before = descriptors();
    for (unsigned i = 0; i < TIMES; i++) {
        struct attempt good;
        struct attempt bad;

        open_attempt(&good, connector, "127.0.0.1", port, PATIENCE_MS);
        open_attempt(&bad, connector, "127.0.0.1", nobody, PATIENCE_MS);
        bench_until(&bench, is_done, &good);
        bench_until(&bench, is_done, &bad);
        assert_string_equal(good.error, "");
        assert_string_equal(bad.error, "connection refused");
        connection_close(good.connection);
        close(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
    }
    bench_until_left(&bench, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(descriptors(), before);
    connector_free(connector);
    close(bound);
    close(fd);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_connects_by_name_and_by_address),
        cmocka_unit_test(a_reset_has_its_errno),
        cmocka_unit_test(a_failure_says_why),
        cmocka_unit_test(patience_ends),
        cmocka_unit_test(it_closes_in_any_state),
        cmocka_unit_test(many_attempts_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
