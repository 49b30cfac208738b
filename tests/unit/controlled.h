/* The control socket of a parachute that stands on a fake actor, and clients of it. */
#ifndef TESTS_UNIT_CONTROLLED_H
#define TESTS_UNIT_CONTROLLED_H

#include "agent/control/control.h"
#include "tests/unit/bench.h"
#include "tests/unit/fakeactor.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct door {
    struct bench bench;
    struct fake_parachute on;
    struct control *control;
    char folder[64];
    char run_dir[96];
    struct sockaddr_un address;
};

static char *const door_argv[] = {"/bin/stop", NULL};

static inline void open_door(struct door *door)
{
    *door = (struct door){.bench = {.base = event_base_new()},
                          .folder = "/tmp/altimeter-control-XXXXXX",
                          .address = {.sun_family = AF_UNIX}};
    assert_non_null(mkdtemp(door->folder));
    snprintf(door->run_dir, sizeof door->run_dir, "%s/run", door->folder);
    snprintf(door->address.sun_path, sizeof door->address.sun_path, "%s/" CONTROL_SOCKET,
             door->run_dir);
    fake_init(&door->on);
    door->on.options.commands[PLAN_ACTIVATE] = (struct order_command){.argv = door_argv};
    fake_start(&door->on);
    fake_look(&door->on, 50, 50, 50);
    door->control = control_new(door->bench.base, door->on.parachute, door->run_dir);
    assert_non_null(door->control);
}

static inline void close_door(struct door *door)
{
    struct stat st;

    control_free(door->control);
    assert_int_equal(lstat(door->address.sun_path, &st), -1);
    fake_end(&door->on);
    event_base_free(door->bench.base);
    assert_int_equal(rmdir(door->run_dir), 0);
    assert_int_equal(rmdir(door->folder), 0);
}

struct client {
    struct door *door;
    struct evbuffer *heard;
    const char *wanted;
    int fd;
    bool closed;
};

static inline void connect_client(struct client *client, struct door *door)
{
    *client = (struct client){.door = door, .heard = evbuffer_new()};
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        connect(client->fd, (const struct sockaddr *)&door->address, sizeof door->address), 0);
}

static inline void leave(struct client *client)
{
    close(client->fd);
    evbuffer_free(client->heard);
}

static inline void say(const struct client *client, const char *text, size_t len)
{
    assert_int_equal(send(client->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline bool has_heard(void *arg)
{
    struct client *client = arg;
    char bytes[4096];
    ssize_t len = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (len > 0)
        evbuffer_add(client->heard, bytes, (size_t)len);
    else if (len == 0 || errno != EAGAIN)
        client->closed = true;
    if (!client->wanted)
        return client->closed;
    return evbuffer_search(client->heard, client->wanted, strlen(client->wanted), NULL).pos >= 0;
}

/* Turns the loop; the clients here are no events of it, so it must not wait. */
static inline void turn_until(struct door *door, bool (*holds)(void *arg), void *arg)
{
    for (unsigned turns = 0; turns < 10000; turns++) {
        if (holds(arg))
            return;
        assert_true(event_base_loop(door->bench.base, EVLOOP_NONBLOCK) >= 0);
    }
    fail_msg("it does not come");
}

static inline void hear(struct client *client, const char *wanted)
{
    client->wanted = wanted;
    turn_until(client->door, has_heard, client);
}

/* All until the door closes. */
static inline void hear_all(struct client *client, const char *expected)
{
    hear(client, NULL);
    evbuffer_add(client->heard, "", 1);
    assert_string_equal((const char *)evbuffer_pullup(client->heard, -1), expected);
}

#endif
