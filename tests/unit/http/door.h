/*
 * An HTTP door on a loop of its own, and clients that speak to it through plain sockets, all in one
 * thread: whoever waits for an answer runs the loop meanwhile.
 */
#ifndef TESTS_UNIT_HTTP_DOOR_H
#define TESTS_UNIT_HTTP_DOOR_H

#include "base/clock.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "emitter/http/http.h"
#include "emitter/http/http_clients.h"
#include "emitter/ring/ring.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_NS (30 * CLOCK_NS_PER_S)
#define FIRST_S 1594380000 /* the first snapshot's timestamp; each next one is a second later */

/* For a test that waits for a client's end: it is seen soon, and no deadline brings it about. */
static const struct http_limits endless = {.idle_ns = 60 * CLOCK_NS_PER_S,
                                           .arrival_ns = 60 * CLOCK_NS_PER_S,
                                           .stall_ns = 60 * CLOCK_NS_PER_S,
                                           .answer_ns = 60 * CLOCK_NS_PER_S,
                                           .sweep_ns = 10 * CLOCK_NS_PER_MS};

struct door {
    struct event_base *base;
    struct series_table *series;
    uint32_t numbers[200];
    size_t width; /* series in a snapshot */
    struct ring *ring;
    struct http *http;
    struct sockaddr_storage address;
    socklen_t address_len;
    bool healthy;
    bool listened[256]; /* descriptors that did so before */
};

static inline char *door_health(void *arg, bool whole, bool *healthy)
{
    *healthy = ((struct door *)arg)->healthy;
    return strdup(whole ? "{\"whole\": true}" : "{\"whole\": false}");
}

/* The snapshot's values tell its number. */
static inline void door_append(struct door *door)
{
    struct snapshot snapshot = {0};
    uint64_t number = ring_end(door->ring);

    snapshot_clear(&snapshot, FIRST_S + (int64_t)number - 1);
    for (size_t i = 0; i < door->width; i++)
        snapshot_add(&snapshot, door->numbers[i], number);
    assert_int_equal(ring_append(door->ring, &snapshot), 0);
    snapshot_clean(&snapshot);
}

static inline bool listens(int fd)
{
    int yes = 0;
    socklen_t len = sizeof yes;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes;
}

/* Before the door opens. */
static inline void door_note(struct door *door)
{
    for (int fd = 0; fd < 256; fd++)
        door->listened[fd] = listens(fd);
}

/* The address of the socket that listens since then: the system chose its port. */
static inline void door_find(struct door *door)
{
    int fd = 0;

    while (fd < 256 && (door->listened[fd] || !listens(fd)))
        fd++;
    door->address_len = sizeof door->address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&door->address, &door->address_len), 0);
}

/* `options` may lack address, callback and number of connections. */
static inline void door_open(struct door *door, size_t capacity, size_t snapshots, size_t width,
                             struct http_options options)
{
    *door = (struct door){.width = width, .healthy = true};
    signal(SIGPIPE, SIG_IGN);
    door->base = event_base_new();
    door->series = series_table_new("redis.0");
    for (size_t i = 0; i < width; i++)
        door->numbers[i] = series_intern(door->series, "system.disk.some_disk_%zu.used", i);
    door->ring = ring_new(&(struct ring_options){.capacity = capacity}, door->series);
    for (size_t i = 0; i < snapshots; i++)
        door_append(door);

    if (options.listen.len == 0) {
        struct sockaddr_in loopback = {.sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        memcpy(&options.listen.sockaddr, &loopback, sizeof loopback);
        options.listen.len = sizeof loopback;
    }
    if (options.max_connections == 0)
        options.max_connections = 64;
    options.health = door_health;
    options.health_arg = door;
    door_note(door);
    door->http = http_open(door->base, door->ring, door->series, &options);
    assert_non_null(door->http);
    door_find(door);
}

static inline void door_close(struct door *door)
{
    http_close(door->http);
    ring_free(door->ring);
    for (size_t i = 0; i < door->width; i++)
        series_release(door->series, door->numbers[i]);
    assert_int_equal(series_count(door->series), 0);
    series_table_free(door->series);
    event_base_free(door->base);
}

/* On a unix socket, through which bytes come at once; gives its directory, to be removed. */
static inline char *door_open_unix(struct door *door, size_t snapshots, struct http_options options)
{
    char *directory = strdup("/tmp/altimeter-test-XXXXXX");
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    assert_non_null(mkdtemp(directory));
    snprintf(at.sun_path, sizeof at.sun_path, "%s/http", directory);
    memcpy(&options.listen.sockaddr, &at, sizeof at);
    options.listen.len = sizeof at;
    door_open(door, snapshots, snapshots, 2, options);
    return directory;
}

/* Also that the door has removed its socket. */
static inline void door_close_unix(struct door *door, char *directory)
{
    door_close(door);
    assert_int_equal(rmdir(directory), 0);
    free(directory);
}

/* Lets the door do all that it can do now. */
static inline void door_run(struct door *door)
{
    for (int i = 0; i < 100; i++)
        event_base_loop(door->base, EVLOOP_NONBLOCK);
}

/* Runs the door until it has so many clients. */
static inline void door_wait_clients(struct door *door, size_t count)
{
    int64_t end_ns = clock_mono_ns() + PATIENCE_NS;

    while (http_clients(door->http) != count) {
        assert_true(clock_mono_ns() < end_ns);
        event_base_loop(door->base, EVLOOP_ONCE);
    }
}

static inline int client_connect(const struct door *door)
{
    int fd = socket(door->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&door->address, door->address_len), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static inline void client_send(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Whether the door has closed it; what came before that is dropped. */
static inline bool is_closed(int fd)
{
    char bytes[4096];
    ssize_t got = 0;

    do
        got = recv(fd, bytes, sizeof bytes, 0);
    while (got > 0);
    return got == 0 || errno == ECONNRESET;
}

/*
 * Whether `text` is one whole answer: by its Content-Length, or chunked. An answer to HEAD and one
 * that ends with its connection are whole when the door closes.
 */
static inline bool answer_whole(const char *text, size_t len)
{
    const char *body = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");

    if (!body)
        return false;
    body += 4;
    if (length && length < body)
        return len - (size_t)(body - text) >= strtoul(length + 16, NULL, 10);
    return strstr(text, "Transfer-Encoding: chunked") && len >= 7 &&
           memcmp(text + len - 7, "\r\n0\r\n\r\n", 7) == 0;
}

/* When an answer was made is not what is compared. */
static inline void blank_dates(char *text)
{
    static const char field[] = "\r\nDate: ";

    for (char *at = text; at && (at = strstr(at, field));)
        for (at += strlen(field); *at && *at != '\r'; at++)
            *at = '-';
}

/* Reads until one answer is whole or the door closes; gives the text, to be freed, without its
 * date. */
static inline char *client_answer(struct door *door, int fd, bool to_the_end)
{
    int64_t end_ns = clock_mono_ns() + PATIENCE_NS;
    size_t size = 1 << 16;
    size_t len = 0;
    char *text = calloc(1, size);

    while (to_the_end || !answer_whole(text, len)) {
        event_base_loop(door->base, EVLOOP_NONBLOCK);
        if (size - len < 1 << 15) {
            char *more = realloc(text, size *= 2);

            assert_non_null(more);
            text = more;
        }
        ssize_t got = recv(fd, text + len, size - len - 1, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        assert_true(clock_mono_ns() < end_ns);
        if (got < 0) {
            struct pollfd wait = {.fd = fd, .events = POLLIN};
            poll(&wait, 1, 1);
            continue;
        }
        len += (size_t)got;
        text[len] = '\0';
    }
    blank_dates(text);
    return text;
}

/* Sends a request on a connection of its own; one of HEAD has to ask for its end. */
static inline char *ask(struct door *door, const char *request)
{
    int fd = client_connect(door);

    client_send(fd, request);
    char *answer = client_answer(door, fd, strncmp(request, "HEAD", 4) == 0);
    close(fd);
    return answer;
}

/* The body of an answer, chunks put together; in place. */
static inline char *body_of(char *answer)
{
    char *body = strstr(answer, "\r\n\r\n");
    bool chunked = strstr(answer, "Transfer-Encoding: chunked") != NULL;

    assert_non_null(body);
    body += 4;
    if (!chunked)
        return body;
    char *to = body;
    char *from = body;
    for (size_t len = strtoul(from, &from, 16); len > 0; len = strtoul(from, &from, 16)) {
        memmove(to, from + 2, len);
        to += len;
        from += 2 + len + 2;
    }
    *to = '\0';
    return body;
}

#endif
