/* One connection of the test's own, and how it went; and somebody on loopback to connect to. */
#ifndef TESTS_UNIT_ATTEMPT_H
#define TESTS_UNIT_ATTEMPT_H

#include "emitter/push/connect.h"
#include "tests/unit/bench.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

struct attempt {
    struct connection *connection;
    bool done;
    bool failed;
    char error[256];
};

static inline void on_done(void *arg, const char *error)
{
    struct attempt *attempt = arg;

    assert_false(attempt->done);
    attempt->done = true;
    if (error) {
        attempt->failed = true;
        strncpy(attempt->error, error, sizeof attempt->error - 1);
        connection_close(attempt->connection);
    }
}

static inline bool is_done(void *arg)
{
    return ((const struct attempt *)arg)->done;
}

/* As `options` tells, but to this peer. */
static inline void open_attempt_with(struct attempt *attempt, struct connector *connector,
                                     const char *host, uint16_t port,
                                     struct connection_options options)
{
    struct address_peer peer = {.port = port};

    strncpy(peer.host, host, sizeof peer.host - 1);
    options.peer = &peer;
    *attempt = (struct attempt){0};
    attempt->connection = connection_open(connector, &options, on_done, attempt);
    assert_non_null(attempt->connection);
    assert_false(attempt->done);
}

static inline void open_attempt(struct attempt *attempt, struct connector *connector,
                                const char *host, uint16_t port, long patience_ms)
{
    open_attempt_with(attempt, connector, host, port,
                      (struct connection_options){.patience_ms = patience_ms});
}

/* Waits, without the loop, until something or the end comes. */
static inline ssize_t receive_all(struct connection *connection, char *bytes, size_t size)
{
    ssize_t len = -1;

    while ((len = connection_recv(connection, bytes, size)) < 0 && errno == EAGAIN)
        ;
    return len;
}

/* Bound to a port of its own and, unless `backlog` is negative, listening; -1 where there is no
 * such address. */
static inline int listen_on(const struct sockaddr *address, socklen_t len, int backlog)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, address, len) < 0) {
        close(fd);
        return -1;
    }
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static inline uint16_t port_of(int fd)
{
    struct sockaddr_in6 bound = {0}; /* the port is in the same place as in sockaddr_in */
    socklen_t len = sizeof bound;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &len), 0);
    return ntohs(bound.sin6_port);
}

static inline int listen_on_loopback(uint32_t address, uint16_t port, int backlog)
{
    const struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};

    return listen_on((const struct sockaddr *)&in, sizeof in, backlog);
}

#endif
