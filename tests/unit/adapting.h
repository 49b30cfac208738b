/*
 * For what takes other options while it runs: peers that collect lines, clients of a door, and what
 * the process holds.
 */
#ifndef TESTS_UNIT_ADAPTING_H
#define TESTS_UNIT_ADAPTING_H

#include "base/address.h"
#include "tests/unit/bench.h"

#include <dirent.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADAPTING_NUMBERS 256

static inline size_t descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Bytes of the heap in use; a sanitizer keeps its own books and finds what leaks itself. */
static inline size_t heap_bytes(void)
{
#ifdef __SANITIZE_ADDRESS__
    return 0;
#else
    return mallinfo2().uordblks;
#endif
}

/* For bench_until: whether the file stands there by now. */
static inline bool stands_by_now(void *path)
{
    return access(path, F_OK) == 0;
}

static inline struct address loopback(uint32_t host, in_port_t port)
{
    struct address address = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in *in = (struct sockaddr_in *)&address.sockaddr;

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(host);
    in->sin_port = port;
    return address;
}

/* A socket that has a port of its own, and listens where that is wanted. */
static inline int take_port(in_port_t *port, bool listens)
{
    struct address address = loopback(INADDR_LOOPBACK, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)&address.sockaddr, address.len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address.sockaddr, &address.len), 0);
    *port = ((struct sockaddr_in *)&address.sockaddr)->sin_port;
    if (listens)
        assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static inline in_port_t free_port(void)
{
    in_port_t port = 0;

    close(take_port(&port, false));
    return port;
}

/* A server that reads: how often each snapshot's first line came, over all its connections. */
struct sink {
    int fd;
    struct address_peer peer;
    struct evconnlistener *listener;
    unsigned seen[ADAPTING_NUMBERS];
    size_t different;
    size_t connections; /* accepted, ever */
    size_t open;
    size_t wanted; /* for sink_has */
};

static inline void sink_read(struct bufferevent *stream, void *arg)
{
    struct sink *sink = arg;
    char *line = NULL;

    while ((line = evbuffer_readln(bufferevent_get_input(stream), NULL, EVBUFFER_EOL_LF))) {
        const char *stamp = strrchr(line, ' '); /* none: somebody begins with TLS */
        uint64_t number = stamp ? strtoul(stamp, NULL, 10) - (uint64_t)BENCH_EPOCH_S : 0;

        if (stamp && strstr(line, ".d0.")) {
            assert_true(number < ADAPTING_NUMBERS);
            sink->different += sink->seen[number]++ == 0;
        }
        free(line);
    }
}

static inline void sink_event(struct bufferevent *stream, short what, void *arg)
{
    (void)what;
    sink_read(stream, arg);
    ((struct sink *)arg)->open--;
    bufferevent_free(stream);
}

static inline void sink_accept(struct evconnlistener *listener, evutil_socket_t fd,
                               struct sockaddr *address, int len, void *arg)
{
    struct sink *sink = arg;
    struct bufferevent *stream =
        bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);

    (void)address;
    (void)len;
    sink->connections++;
    sink->open++;
    bufferevent_setcb(stream, sink_read, NULL, sink_event, sink);
    bufferevent_enable(stream, EV_READ);
}

static inline void sink_open(struct sink *sink, struct bench *bench)
{
    in_port_t port = 0;

    *sink = (struct sink){.peer.host = "127.0.0.1"};
    sink->fd = take_port(&port, true);
    sink->peer.port = ntohs(port);
    sink->listener =
        evconnlistener_new(bench->base, sink_accept, sink, LEV_OPT_CLOSE_ON_EXEC, 0, sink->fd);
}

static inline bool sink_has(void *arg)
{
    const struct sink *sink = arg;

    return sink->different >= sink->wanted;
}

static inline bool sink_alone(void *arg)
{
    return ((const struct sink *)arg)->open == 0;
}

/* Waits until so many different snapshots came. */
static inline void sink_wait(struct sink *sink, struct bench *bench, size_t different)
{
    sink->wanted = different;
    bench_until(bench, sink_has, sink);
    assert_int_equal(sink->different, different);
}

/* When the targets are gone. */
static inline void sink_close(struct sink *sink, struct bench *bench)
{
    bench_until(bench, sink_alone, sink);
    evconnlistener_free(sink->listener);
    close(sink->fd);
}

/* A client of a door; -1: it is refused. */
static inline int visit(const struct address *address)
{
    int fd = socket(address->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (const struct sockaddr *)&address->sockaddr, address->len) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Says that, and runs the loop until a byte or the end comes: the first bytes; "" at the end. */
static inline const char *ask_door(struct bench *bench, int fd, const char *request)
{
    static char text[4096];
    size_t len = strlen(request);
    ssize_t got = -1;

    assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), len);
    for (unsigned i = 0; got < 0 && i < 20000; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};

        event_base_loop(bench->base, EVLOOP_NONBLOCK);
        poll(&wait, 1, 1);
        got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
        if (got < 0 && errno != EAGAIN)
            got = 0;
    }
    assert_true(got >= 0);
    text[got] = '\0';
    return text;
}

#endif
