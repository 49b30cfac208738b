/*
 * A real server on loopback that behaves as badly as Graphite's receivers do, and a target of the
 * push that sends to it. Time and backoff are the test's own, which this defines in the place of
 * the project's: a program includes it once.
 */
#ifndef TESTS_UNIT_GRAPHITE_H
#define TESTS_UNIT_GRAPHITE_H

#include "emitter/push/target.h"

#include "base/clock.h"
#include "emitter/push/backoff.h"
#include "emitter/push/connect.h"
#include "tests/unit/bench.h"
#include "tests/unit/heard.h"

#include <errno.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define LINES 100
#define BUFFER_BYTES 65536

/* The seams: a clock that can be put forward, and a backoff that remembers what it was asked. */
static int64_t clock_ahead_ns;
static unsigned backoff_asked[CONNECTIONS_MAX];
static size_t backoff_count;

int64_t clock_mono_ns(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec + clock_ahead_ns;
}

int64_t clock_wall_ns(void)
{
    return clock_mono_ns();
}

int64_t clock_boot_ns(void)
{
    return clock_mono_ns();
}

unsigned backoff_wait_ms(unsigned failures, uint32_t random)
{
    (void)random;
    assert_true(backoff_count < CONNECTIONS_MAX);
    backoff_asked[backoff_count++] = failures;
    return 1;
}

enum manner {
    READS,      /* and nothing else */
    IGNORES,    /* accepts and does not read */
    CLOSES,     /* after some bytes, all of which it has read */
    RESETS,     /* while more is on its way than it took */
    TALKS_BACK, /* without end, and reads */
};

struct server;

struct peer {
    struct server *server;
    int fd;
    struct event *readable;
    struct event *writable;
    struct evbuffer *received;
};

struct server {
    struct bench bench;
    struct connector *connector;
    struct target *target;
    struct target_options options; /* for start_target */
    struct address_peer address;
    int fd;
    struct evconnlistener *listener;

    enum manner manner;
    size_t patience_bytes; /* CLOSES */
    struct peer peers[CONNECTIONS_MAX];
    size_t count;
    uint64_t awaited; /* by the conditions below */
};

static inline void hang_up(struct peer *peer, bool reset)
{
    const struct linger at_once = {.l_onoff = 1};

    if (peer->fd < 0)
        return;
    event_free(peer->readable);
    event_free(peer->writable);
    if (reset)
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer->fd);
    peer->fd = -1;
}

/*
 * Resets as soon as its kernel holds something. What that acknowledged counts as read; to peek
 * leaves its window closed, so that more is on its way.
 */
static inline void reset_early(struct peer *peer, char *bytes)
{
    ssize_t len = recv(peer->fd, bytes, BUFFER_BYTES, MSG_DONTWAIT | MSG_PEEK);

    if (len > 0)
        evbuffer_add(peer->received, bytes, (size_t)len);
    hang_up(peer, true);
}

static inline void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct peer *peer = arg;
    const struct server *server = peer->server;
    char *bytes = malloc(BUFFER_BYTES);
    ssize_t len = 0;

    (void)what;
    if (server->manner == RESETS) {
        reset_early(peer, bytes);
    } else {
        while ((len = recv(fd, bytes, BUFFER_BYTES, MSG_DONTWAIT)) > 0)
            evbuffer_add(peer->received, bytes, (size_t)len);
        if (len == 0 || (server->manner == CLOSES &&
                         evbuffer_get_length(peer->received) >= server->patience_bytes))
            hang_up(peer, false);
    }
    free(bytes);
}

static inline void on_writable(evutil_socket_t fd, short what, void *arg)
{
    static const char chatter[BUFFER_BYTES] = {'?'};

    (void)what;
    (void)arg;
    while (send(fd, chatter, sizeof chatter, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        ;
}

static inline void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                             struct sockaddr *address, int len, void *arg)
{
    struct server *server = arg;
    struct peer *peer = &server->peers[server->count++];
    struct event_base *base = evconnlistener_get_base(listener);

    (void)address;
    (void)len;
    assert_true(server->count < CONNECTIONS_MAX);
    *peer = (struct peer){.server = server, .fd = fd, .received = evbuffer_new()};
    peer->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, peer);
    peer->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, peer);
    if (server->manner != IGNORES)
        event_add(peer->readable, NULL);
    if (server->manner == TALKS_BACK)
        event_add(peer->writable, NULL);
    if (server->manner == CLOSES && server->patience_bytes == 0)
        hang_up(peer, false);
}

static inline void start_listening(struct server *server)
{
    server->listener = evconnlistener_new(server->bench.base, on_accept, server,
                                          LEV_OPT_CLOSE_ON_EXEC, 64, server->fd);
    assert_non_null(server->listener);
}

static inline void on_evict(void *arg, uint64_t end)
{
    const struct server *server = arg;

    if (server->target)
        target_evict(server->target, end);
}

/* A port that refuses until start_listening. */
static inline void server_open(struct server *server, size_t history)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int buffer_bytes = 16384; /* so that not everything disappears in the kernel */
    socklen_t len = sizeof in;

    *server = (struct server){.address.host = "127.0.0.1"};
    clock_ahead_ns = 0;
    backoff_count = 0;
    bench_open(&server->bench, history, LINES);
    server->bench.evict = on_evict;
    server->bench.evict_arg = server;
    server->connector = connector_new(server->bench.base);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(server->fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&in, &len), 0);
    server->address.port = ntohs(in.sin_port);
}

static inline void server_close(struct server *server)
{
    target_free(server->target);
    for (size_t i = 0; i < server->count; i++) {
        hang_up(&server->peers[i], false);
        evbuffer_free(server->peers[i].received);
    }
    if (server->listener)
        evconnlistener_free(server->listener);
    close(server->fd);
    connector_free(server->connector);
    bench_close(&server->bench);
}

static inline void start_target(struct server *server)
{
    server->options.name = "test";
    server->options.peer = server->address;
    server->target = target_new(server->bench.base, server->connector, server->bench.ring,
                                server->bench.series, &server->options);
    assert_non_null(server->target);
}

static inline void append(struct server *server, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bench_append(&server->bench);
        if (server->target)
            target_notify(server->target);
    }
}

static inline bool nothing_owed(void *arg)
{
    const struct server *server = arg;

    return target_status(server->target).owed == 0;
}

static inline bool has_connections(void *arg)
{
    const struct server *server = arg;

    return server->count >= server->awaited &&
           strcmp(target_status(server->target).state, "up") == 0;
}

static inline bool has_failures(void *arg)
{
    const struct server *server = arg;

    return backoff_count >= server->awaited;
}

static inline bool is_down(void *arg)
{
    const struct server *server = arg;

    return strcmp(target_status(server->target).state, "down") == 0;
}

static inline void wait_for(struct server *server, bool (*holds)(void *arg), uint64_t awaited)
{
    server->awaited = awaited;
    bench_until(&server->bench, holds, server);
}

static inline bool all_hung_up(void *arg)
{
    const struct server *server = arg;

    for (size_t i = 0; i < server->count; i++)
        if (server->peers[i].fd >= 0)
            return false;
    return true;
}

/* Ends the target and lets the server read what is left; then all there is can be judged. */
static inline void finish(struct server *server)
{
    target_free(server->target);
    server->target = NULL;
    bench_until(&server->bench, all_hung_up, server);
}

static inline void let_read(struct server *server)
{
    server->manner = READS;
    event_add(server->peers[0].readable, NULL);
}

#endif
