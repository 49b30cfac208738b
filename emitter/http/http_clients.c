#include "emitter/http/http_clients.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * What may lie in a connection and make no request yet. evhttp bounds header and body itself, but
 * not the line that announces a chunk of a body. (A high-water mark would hold such a client, and
 * have libevent call evhttp again and again for bytes that it cannot use.)
 */
#define INPUT_MAX_BYTES ((size_t)32 * 1024)

enum state { IDLE, ARRIVING, ANSWERING };

struct client {
    struct http_clients *clients;
    struct bufferevent *bev;
    enum state state;
    bool fresh;          /* has not been answered yet: its first request is due since the accept */
    bool doomed;         /* the next sweep closes it */
    int64_t since_ns;    /* in this state */
    int64_t progress_ns; /* a byte of the answer was taken */
};

struct http_clients {
    struct evconnlistener *listener;
    struct event *sweep;
    struct http_limits limits;
    size_t max;
    size_t count;
    struct client **list;
};

/* evconnlistener gives its error callback evhttp's argument, so this has nowhere else to live. */
static struct {
    bool failed; /* since the last sweep */
    struct log_complaint complaint;
} accepting;

static void enter(struct client *client, enum state state)
{
    client->state = state;
    client->since_ns = clock_mono_ns();
    client->progress_ns = client->since_ns;
}

/* Closes it from the loop: its own callbacks may be under way. */
static void doom(struct client *client)
{
    client->doomed = true;
    event_active(client->clients->sweep, EV_READ, 0);
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
    struct client *client = arg;

    if (info->n_added > 0 && evbuffer_get_length(input) > INPUT_MAX_BYTES)
        doom(client);
    if (info->n_added == 0 || client->state != IDLE)
        return;
    if (client->fresh)
        client->state = ARRIVING;
    else
        enter(client, ARRIVING);
}

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct client *client = arg;

    (void)output;
    if (info->n_deleted > 0)
        client->progress_ns = clock_mono_ns();
}

/* The last one takes its place. */
static void release(struct http_clients *clients, size_t place)
{
    struct client *client = clients->list[place];

    evbuffer_remove_cb(bufferevent_get_input(client->bev), on_input, client);
    evbuffer_remove_cb(bufferevent_get_output(client->bev), on_output, client);
    bufferevent_decref(client->bev);
    clients->list[place] = clients->list[--clients->count];
    free(client);
}

static void release_if_gone(struct http_clients *clients, size_t place)
{
    bufferevent_event_cb owner = NULL;

    bufferevent_getcb(clients->list[place]->bev, NULL, NULL, &owner, NULL);
    if (!owner)
        release(clients, place);
}

/* Not from within one of this client's own callbacks. */
static void hang_up(struct http_clients *clients, size_t place)
{
    bufferevent_trigger_event(clients->list[place]->bev, BEV_EVENT_READING | BEV_EVENT_TIMEOUT, 0);
    release_if_gone(clients, place);
}

static bool late(const struct client *client, const struct http_limits *limits, int64_t now_ns)
{
    int64_t spent_ns = now_ns - client->since_ns;

    switch (client->state) {
    case IDLE:
        return spent_ns > limits->idle_ns;
    case ARRIVING:
        return spent_ns > limits->arrival_ns;
    case ANSWERING:
        return spent_ns > limits->answer_ns || now_ns - client->progress_ns > limits->stall_ns;
    }
    return false;
}

/* Those that evhttp let go of. */
static void release_gone(struct http_clients *clients)
{
    for (size_t i = clients->count; i-- > 0;)
        release_if_gone(clients, i);
}

static void sweep(evutil_socket_t fd, short what, void *arg)
{
    struct http_clients *clients = arg;
    int64_t now_ns = clock_mono_ns();

    (void)fd;
    (void)what;
    release_gone(clients);
    for (size_t i = clients->count; i-- > 0;)
        if (clients->list[i]->doomed || late(clients->list[i], &clients->limits, now_ns))
            hang_up(clients, i);
    evconnlistener_enable(clients->listener);
    if (!accepting.failed)
        log_relieve(&accepting.complaint, "http: accepts again");
    accepting.failed = false;
}

/* The sweep lets it accept again. Until then it rests, or a lack of descriptors would spin. */
static void on_accept_error(struct evconnlistener *listener, void *evhttp)
{
    (void)evhttp;
    accepting.failed = true;
    log_complain(&accepting.complaint, LOG_LEVEL_WARNING, "http: cannot accept: %s",
                 strerror(errno));
    evconnlistener_disable(listener);
}

struct http_clients *http_clients_new(struct event_base *base, struct evconnlistener *listener,
                                      size_t max, const struct http_limits *limits)
{
    struct timeval wait = {.tv_sec = limits->sweep_ns / CLOCK_NS_PER_S,
                           .tv_usec = limits->sweep_ns % CLOCK_NS_PER_S / 1000};
    struct http_clients *clients = calloc(1, sizeof *clients);

    if (!clients)
        return NULL;
    clients->listener = listener;
    clients->limits = *limits;
    clients->max = max;
    clients->sweep = event_new(base, -1, EV_PERSIST, sweep, clients);
    if (!clients->sweep || event_add(clients->sweep, &wait) < 0) {
        http_clients_free(clients);
        return NULL;
    }
    evconnlistener_set_error_cb(listener, on_accept_error);
    return clients;
}

void http_clients_free(struct http_clients *clients)
{
    if (!clients)
        return;
    while (clients->count > 0)
        release(clients, clients->count - 1);
    free(clients->list);
    if (clients->sweep)
        event_free(clients->sweep);
    free(clients);
}

void http_clients_limit(struct http_clients *clients, size_t max)
{
    clients->max = max;
}

/* Its place; the count where nobody is idle. */
static size_t longest_idle(const struct http_clients *clients)
{
    size_t longest = clients->count;

    for (size_t i = 0; i < clients->count; i++) {
        const struct client *client = clients->list[i];

        if (client->state == IDLE &&
            (longest == clients->count || client->since_ns < clients->list[longest]->since_ns))
            longest = i;
    }
    return longest;
}

/* evhttp has no way to refuse a connection: a sweep closes it, and until then none is accepted. */
static void turn_away(struct http_clients *clients, struct client *client)
{
    evconnlistener_disable(clients->listener);
    doom(client);
}

struct bufferevent *http_clients_accept(struct event_base *base, void *arg)
{
    struct http_clients *clients = arg;
    struct client *client = calloc(1, sizeof *client);
    struct client **list = reallocarray(clients->list, clients->count + 1, sizeof(struct client *));
    struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    clients->list = list ? list : clients->list;
    if (!client || !list || !bev) {
        free(client);
        if (bev)
            bufferevent_free(bev);
        return NULL;
    }
    release_gone(clients);
    size_t before = clients->count;
    size_t idle = before >= clients->max ? longest_idle(clients) : before;
    bufferevent_incref(bev);
    *client = (struct client){.clients = clients, .bev = bev, .fresh = true};
    enter(client, IDLE);
    evbuffer_add_cb(bufferevent_get_input(bev), on_input, client);
    evbuffer_add_cb(bufferevent_get_output(bev), on_output, client);
    clients->list[clients->count++] = client;

    if (idle < before) {
        hang_up(clients, idle);
        evconnlistener_disable(clients->listener);
        event_active(clients->sweep, EV_READ, 0);
    } else if (clients->count > clients->max)
        turn_away(clients, client);
    return bev;
}

/* NULL where memory was short when it came: evhttp serves such a one, out of our sight. */
static struct client *client_of(struct http_clients *clients, struct evhttp_request *request)
{
    struct bufferevent *bev =
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));

    for (size_t i = 0; i < clients->count; i++)
        if (clients->list[i]->bev == bev)
            return clients->list[i];
    return NULL;
}

static void on_answered(struct evhttp_request *request, void *arg)
{
    struct client *client = arg;
    bool more = evbuffer_get_length(bufferevent_get_input(client->bev)) > 0;

    (void)request;
    client->fresh = false;
    enter(client, more ? ARRIVING : IDLE);
}

void http_clients_answering(struct http_clients *clients, struct evhttp_request *request)
{
    struct client *client = client_of(clients, request);

    if (!client)
        return;
    enter(client, ANSWERING);
    evhttp_request_set_on_complete_cb(request, on_answered, client);
}

void http_clients_doom(struct http_clients *clients, struct evhttp_request *request)
{
    struct client *client = client_of(clients, request);

    if (client)
        doom(client);
}

size_t http_clients_count(const struct http_clients *clients)
{
    return clients->count;
}
