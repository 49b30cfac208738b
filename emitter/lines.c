#include "emitter/lines.h"

#include "base/log.h"
#include "emitter/listen.h"
#include "emitter/text.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define WAITING_MAX_BYTES ((size_t)1024 * 1024)
#define SEND_BUFFER_BYTES (256 * 1024) /* or the kernel takes megabytes before the limit counts */
#define LEAVING_PATIENCE_S 30          /* without progress */

struct client {
    struct lines *lines;
    struct bufferevent *stream; /* NULL: the place is free */
    bool leaving;               /* it half-closed: it gets what is under way, and nothing new */
};

struct lines {
    struct listening listening;
    const struct ring *ring;
    const struct series_table *series;
    struct evconnlistener *listener;
    struct event *resume; /* pending while no client can be accepted */
    struct log_complaint complaint;
    bool failed; /* to accept, since the last resume */

    struct snapshot snapshot;
    struct bytes text; /* the newest snapshot's, when it was last asked for */
    struct client clients[CLIENTS_MAX];
    size_t count;
};

static void drop(struct client *client)
{
    bufferevent_free(client->stream);
    client->stream = NULL;
    client->lines->count--;
}

static size_t waiting(const struct client *client)
{
    return evbuffer_get_length(bufferevent_get_output(client->stream));
}

/* False where there is none, or memory is short. */
static bool format_newest(struct lines *lines)
{
    bytes_cut(&lines->text, 0);
    return ring_newest(lines->ring, &lines->snapshot) == 0 &&
           text_lines(&lines->text, lines->series, &lines->snapshot) == 0;
}

/* A copy for each: evbuffer_add_reference was a source of dangling pointers in libevent 2.1. */
static void give(struct client *client)
{
    const struct bytes *text = &client->lines->text;
    size_t before = waiting(client);

    /* A single snapshot may be larger than the bound; a client that reads is given that too. */
    if ((before > 0 && before + text->len > WAITING_MAX_BYTES) ||
        bufferevent_write(client->stream, text->data, text->len) < 0)
        drop(client);
}

static void on_input(struct bufferevent *stream, void *arg)
{
    struct evbuffer *input = bufferevent_get_input(stream);

    (void)arg;
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct client *client = arg;

    (void)stream;
    if (client->leaving)
        drop(client);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    const struct timeval patience = {.tv_sec = LEAVING_PATIENCE_S};
    struct client *client = arg;

    if (!(what & BEV_EVENT_EOF) || waiting(client) == 0) {
        drop(client);
        return;
    }
    client->leaving = true;
    bufferevent_set_timeouts(stream, NULL, &patience);
}

static struct client *free_place(struct lines *lines)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (!lines->clients[i].stream)
            return &lines->clients[i];
    return NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                      int len, void *arg)
{
    struct lines *lines = arg;
    struct client *client = free_place(lines);

    (void)peer;
    (void)len;
    struct bufferevent *stream = client ? bufferevent_socket_new(evconnlistener_get_base(listener),
                                                                 fd, BEV_OPT_CLOSE_ON_FREE)
                                        : NULL;
    if (!stream) {
        close(fd);
        return;
    }
    *client = (struct client){.lines = lines, .stream = stream};
    lines->count++;
    bufferevent_setcb(stream, on_input, on_written, on_event, client);
    if (bufferevent_enable(stream, EV_READ | EV_WRITE) < 0)
        drop(client);
    else if (format_newest(lines))
        give(client);
}

static const struct timeval rest = {.tv_sec = 1};

/* Out of descriptors, most likely: it would fail again at once, so it is left alone for a second.
 */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct lines *lines = arg;

    log_complain(&lines->complaint, LOG_LEVEL_WARNING, "lines: cannot accept a client: %s",
                 strerror(EVUTIL_SOCKET_ERROR()));
    lines->failed = true;
    if (evtimer_add(lines->resume, &rest) == 0)
        evconnlistener_disable(listener);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct lines *lines = arg;

    (void)fd;
    (void)what;
    evconnlistener_enable(lines->listener);
    if (lines->failed)
        evtimer_add(lines->resume, &rest);
    else
        log_relieve(&lines->complaint, "lines: accepting clients again");
    lines->failed = false;
}

struct lines *lines_open(struct event_base *base, const struct address *address,
                         const struct ring *ring, const struct series_table *series)
{
    const int send_buffer = SEND_BUFFER_BYTES;
    struct lines *lines = calloc(1, sizeof *lines);

    if (!lines)
        goto short_of_memory;
    lines->listening = (struct listening){.fd = listen_open(address, "lines"), .address = *address};
    lines->ring = ring;
    lines->series = series;
    if (lines->listening.fd < 0)
        goto failed;
    lines->resume = evtimer_new(base, on_resume, lines);
    lines->listener =
        evconnlistener_new(base, on_accept, lines, LEV_OPT_CLOSE_ON_EXEC, 0, lines->listening.fd);
    if (!lines->resume || !lines->listener ||
        setsockopt(lines->listening.fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer) <
            0)
        goto short_of_memory;
    evconnlistener_set_error_cb(lines->listener, on_accept_error);
    return lines;

short_of_memory:
    log_write(LOG_LEVEL_ERROR, "lines: out of memory");
failed:
    lines_close(lines);
    return NULL;
}

void lines_close(struct lines *lines)
{
    if (!lines)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (lines->clients[i].stream)
            drop(&lines->clients[i]);
    if (lines->listener)
        evconnlistener_free(lines->listener);
    if (lines->resume)
        event_free(lines->resume);
    bytes_clean(&lines->text);
    listen_leave(&lines->listening);
    snapshot_clean(&lines->snapshot);
    free(lines);
}

struct listening *lines_listening(struct lines *lines)
{
    return &lines->listening;
}

void lines_notify(struct lines *lines)
{
    if (lines->count == 0 || !format_newest(lines))
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (lines->clients[i].stream && !lines->clients[i].leaving)
            give(&lines->clients[i]);
}

size_t lines_clients(const struct lines *lines)
{
    return lines->count;
}
