#include "emitter/http/http_clients.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct http_clients {
    struct evconnlistener *listener;
    struct http_service service;
    struct http_limits limits;
    struct event *sweep;
    bool sweeping; /* it is pending */
    bool failed;   /* to accept, since the last sweep */
    struct log_complaint complaint;
    size_t max;
    size_t count;
    struct http_client **list;
};

/* Sweeps are for clients that may be late, and for a trouble that is to be over. */
static void keep_sweeping(struct http_clients *clients)
{
    bool needed = clients->count > 0 || clients->failed || clients->complaint.wait_ns > 0;
    const struct timeval wait = {.tv_sec = clients->limits.sweep_ns / CLOCK_NS_PER_S,
                                 .tv_usec = clients->limits.sweep_ns % CLOCK_NS_PER_S / 1000};

    if (needed == clients->sweeping)
        return;
    if (needed)
        clients->sweeping = event_add(clients->sweep, &wait) == 0;
    else
        clients->sweeping = event_del(clients->sweep) < 0;
}

/* The last one takes its place. */
static void release(struct http_clients *clients, size_t place)
{
    http_client_free(clients->list[place]);
    clients->list[place] = clients->list[--clients->count];
    keep_sweeping(clients);
}

static void on_gone(void *arg, struct http_client *client)
{
    struct http_clients *clients = arg;
    size_t place = 0;

    while (clients->list[place] != client)
        place++;
    release(clients, place);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct http_clients *clients = arg;
    int64_t now_ns = clock_mono_ns();

    (void)fd;
    (void)what;
    for (size_t i = clients->count; i-- > 0;)
        if (http_client_late(clients->list[i], &clients->limits, now_ns))
            release(clients, i);
    evconnlistener_enable(clients->listener);
    if (!clients->failed)
        log_relieve(&clients->complaint, "http: accepts again");
    clients->failed = false;
    keep_sweeping(clients);
}

/* The sweep lets it accept again. Until then it rests, or a lack of descriptors would spin. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct http_clients *clients = arg;

    clients->failed = true;
    log_complain(&clients->complaint, LOG_LEVEL_WARNING, "http: cannot accept: %s",
                 strerror(errno));
    keep_sweeping(clients);
    if (clients->sweeping)
        evconnlistener_disable(listener);
}

/* Its place; the count where nobody is idle. */
static size_t longest_idle(const struct http_clients *clients)
{
    int64_t longest_ns = INT64_MAX;
    size_t longest = clients->count;

    for (size_t i = 0; i < clients->count; i++) {
        int64_t idle_ns = http_client_idle_ns(clients->list[i]);

        if (idle_ns < longest_ns) {
            longest_ns = idle_ns;
            longest = i;
        }
    }
    return longest;
}

/* False: nobody makes room, or memory is short. */
static bool find_room(struct http_clients *clients)
{
    if (clients->count >= clients->max) {
        size_t place = longest_idle(clients);

        if (place == clients->count)
            return false;
        release(clients, place);
    }
    struct http_client **list =
        reallocarray(clients->list, clients->count + 1, sizeof(struct http_client *));
    clients->list = list ? list : clients->list;
    return list != NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                      int len, void *arg)
{
    struct http_clients *clients = arg;

    (void)peer;
    (void)len;
    if (!find_room(clients)) {
        close(fd);
        return;
    }
    struct http_client *client =
        http_client_new(evconnlistener_get_base(listener), fd, &clients->service);
    if (client)
        clients->list[clients->count++] = client;
    keep_sweeping(clients);
}

struct http_clients *http_clients_new(struct event_base *base, int fd, size_t max,
                                      const struct http_limits *limits,
                                      const struct http_service *service)
{
    struct http_clients *clients = calloc(1, sizeof *clients);

    if (!clients)
        return NULL;
    clients->service = *service;
    clients->service.gone = on_gone;
    clients->service.owner = clients;
    clients->limits = *limits;
    clients->max = max;
    clients->sweep = event_new(base, -1, EV_PERSIST, on_sweep, clients);
    clients->listener = evconnlistener_new(base, on_accept, clients, LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!clients->sweep || !clients->listener) {
        http_clients_free(clients);
        return NULL;
    }
    evconnlistener_set_error_cb(clients->listener, on_accept_error);
    return clients;
}

void http_clients_free(struct http_clients *clients)
{
    if (!clients)
        return;
    for (size_t i = 0; i < clients->count; i++)
        http_client_free(clients->list[i]);
    free(clients->list);
    if (clients->listener)
        evconnlistener_free(clients->listener);
    if (clients->sweep)
        event_free(clients->sweep);
    free(clients);
}

void http_clients_limit(struct http_clients *clients, size_t max)
{
    clients->max = max;
}

size_t http_clients_count(const struct http_clients *clients)
{
    return clients->count;
}
