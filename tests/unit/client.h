/* The raw lines' door, and real clients of it on loopback. */
#ifndef TESTS_UNIT_CLIENT_H
#define TESTS_UNIT_CLIENT_H

#include "emitter/lines.h"
#include "tests/unit/bench.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct door {
    struct bench bench;
    struct lines *lines;
    struct address address;
};

/* A free port, as lines_open does not tell which one it got. */
static inline void choose_port(struct address *address)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&address->sockaddr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;

    *address = (struct address){.len = sizeof *in};
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)in, sizeof *in), 0);
    socklen_t len = sizeof *in;
    assert_int_equal(getsockname(fd, (struct sockaddr *)in, &len), 0);
    close(fd);
}

static inline void door_open(struct door *door, size_t lines)
{
    bench_open(&door->bench, 4, lines);
    choose_port(&door->address);
    bench_append(&door->bench);
    door->lines =
        lines_open(door->bench.base, &door->address, door->bench.ring, door->bench.series);
    assert_non_null(door->lines);
}

static inline void door_close(struct door *door)
{
    lines_close(door->lines);
    bench_close(&door->bench);
}

static inline void tick(struct door *door)
{
    bench_append(&door->bench);
    lines_notify(door->lines);
}

/* A client: what it received, and whether the door closed on it. */
struct client {
    struct door *door;
    int fd;
    struct event *readable;
    struct evbuffer *received;
    bool closed;
    int error;
    size_t wanted;
};

static inline void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    char bytes[65536];
    ssize_t len = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    (void)what;
    if (len > 0) {
        evbuffer_add(client->received, bytes, (size_t)len);
    } else if (len == 0 || errno != EAGAIN) {
        client->closed = true;
        client->error = len < 0 ? errno : 0;
        event_del(client->readable);
    }
}

static inline void client_open(struct client *client, struct door *door)
{
    *client = (struct client){.door = door, .received = evbuffer_new()};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        connect(client->fd, (const struct sockaddr *)&door->address.sockaddr, door->address.len),
        0);
    client->readable =
        event_new(door->bench.base, client->fd, EV_READ | EV_PERSIST, on_readable, client);
    event_add(client->readable, NULL);
}

static inline void client_close(struct client *client)
{
    event_free(client->readable);
    evbuffer_free(client->received);
    close(client->fd);
}

static inline bool has_wanted(void *arg)
{
    const struct client *client = arg;

    return client->closed || evbuffer_get_length(client->received) >= client->wanted;
}

static inline bool is_closed(void *arg)
{
    return ((const struct client *)arg)->closed;
}

static inline bool nobody_left(void *arg)
{
    return lines_clients(((const struct door *)arg)->lines) == 0;
}

/* It received these snapshots' lines and nothing else; they are taken out of what it received. */
static inline void expect(struct client *client, uint64_t from, uint64_t end)
{
    struct evbuffer *expected = evbuffer_new();

    for (uint64_t number = from; number < end; number++)
        bench_lines(&client->door->bench, number, expected);
    client->wanted = evbuffer_get_length(expected);
    bench_until(&client->door->bench, has_wanted, client);
    assert_int_equal(evbuffer_get_length(client->received), client->wanted);
    if (client->wanted > 0)
        assert_memory_equal(evbuffer_pullup(client->received, -1), evbuffer_pullup(expected, -1),
                            client->wanted);
    evbuffer_drain(client->received, client->wanted);
    evbuffer_free(expected);
}

#endif
