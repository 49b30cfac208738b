#include "emitter/http/http_client.h"

#include "base/clock.h"
#include "emitter/http/http_output.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOW_NS CLOCK_NS_PER_S /* a request comes sooner as a rule */
#define LINGER_MAX_BYTES ((size_t)1024 * 1024)

enum state { IDLE, ARRIVING, ANSWERING, LINGERING, GONE };

struct http_client {
    const struct http_service *service;
    struct event event;
    short watched; /* EV_READ or EV_WRITE */
    int fd;
    enum state state;
    bool fresh;          /* has not been answered yet: its first request is due since the accept */
    bool last;           /* the answer that is made or under way is the last one */
    int64_t since_ns;    /* in this state */
    int64_t progress_ns; /* a byte of the answer was taken */

    struct request request;  /* what has come of it begins at `start` */
    enum request_state came; /* MORE: there is none to be begun with */
    size_t start;
    size_t len;
    size_t dropped; /* while it lingers */

    struct http_output output;
    struct http_source *source; /* what makes more of the answer. NULL: that is all */

    char bytes[REQUEST_HEAD_MAX_BYTES + REQUEST_BODY_MAX_BYTES];
};

static void enter(struct http_client *client, enum state state)
{
    client->state = state;
    client->since_ns = clock_mono_ns();
    client->progress_ns = client->since_ns;
}

static void drop_source(struct http_client *client)
{
    if (client->source)
        client->source->end(client->source);
    client->source = NULL;
}

void http_client_send(struct http_client *client, struct iovec *parts, size_t count)
{
    if (client->state != GONE && http_output_write(&client->output, parts, count) < 0)
        client->state = GONE;
}

void http_client_go_on(struct http_client *client, struct http_source *source)
{
    client->source = source;
}

bool http_client_is_last(const struct http_client *client)
{
    return client->last;
}

void http_client_make_last(struct http_client *client)
{
    client->last = true;
}

/* Looks whether the next request has come: then its answer is due. */
static void look(struct http_client *client)
{
    const struct request *request = &client->request;
    size_t len = client->len - client->start;

    if ((client->state != IDLE && client->state != ARRIVING) || len == 0)
        return;
    client->came = request_parse(&client->request, client->bytes + client->start, len);
    if (client->came == REQUEST_WHOLE && len < request->head_bytes + request->body_bytes)
        client->came = REQUEST_MORE;
    if (client->came != REQUEST_MORE)
        enter(client, ANSWERING);
    else if (client->fresh)
        client->state = ARRIVING;
    else if (client->state == IDLE)
        enter(client, ARRIVING);
}

/* What the client may still have sent, unseen, would have a connection that is closed at once
 * reset, and take from the answer what is not across yet. */
static void end_answer(struct http_client *client)
{
    const struct request *request = &client->request;

    client->start += request->head_bytes + request->body_bytes;
    client->request = (struct request){0};
    client->fresh = false;
    http_output_clean(&client->output);
    if (!client->last)
        enter(client, IDLE);
    else if (shutdown(client->fd, SHUT_WR) < 0)
        client->state = GONE;
    else
        enter(client, LINGERING);
    look(client);
}

static void end_answer_if_sent(struct http_client *client)
{
    if (client->state == ANSWERING && !client->source && http_output_is_empty(&client->output))
        end_answer(client);
}

static void answer(struct http_client *client)
{
    const struct request *request = client->came == REQUEST_REFUSED ? NULL : &client->request;

    client->came = REQUEST_MORE;
    client->last = !request || !request->keep_alive || request->body_left;
    client->service->answer(client->service->arg, client, request);
    end_answer_if_sent(client);
}

/* Moves what has come of the next request to the front; it is looked at anew there. */
static void make_room(struct http_client *client)
{
    if (client->start == 0)
        return;
    client->len -= client->start;
    memmove(client->bytes, client->bytes + client->start, client->len);
    client->start = 0;
    client->request = (struct request){0};
}

static void receive(struct http_client *client)
{
    bool lingers = client->state == LINGERING;

    if (lingers)
        client->start = client->len = 0;
    make_room(client);
    ssize_t got =
        recv(client->fd, client->bytes + client->len, sizeof client->bytes - client->len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0 && lingers)
        client->dropped += (size_t)got;
    else if (got > 0)
        client->len += (size_t)got;
    if (got <= 0 || client->dropped > LINGER_MAX_BYTES)
        client->state = GONE;
    look(client);
}

static void next_piece(struct http_client *client)
{
    int more = client->source->next(client->source, client);

    client->progress_ns = clock_mono_ns(); /* it took the one before */
    if (more <= 0)
        drop_source(client);
    if (more < 0)
        client->state = GONE;
}

static void go_on(struct http_client *client)
{
    if (!http_output_is_empty(&client->output)) {
        ssize_t taken = http_output_go_on(&client->output);

        if (taken < 0)
            client->state = GONE;
        else if (taken > 0)
            client->progress_ns = clock_mono_ns();
    }
    if (client->state == ANSWERING && client->source && http_output_is_empty(&client->output))
        next_piece(client);
    end_answer_if_sent(client);
}

static void on_event(evutil_socket_t fd, short what, void *arg);

/* -1: memory is short. */
static int watch(struct http_client *client, struct event_base *base, short what)
{
    if (client->watched == what)
        return 0;
    if (client->watched)
        event_del(&client->event);
    client->watched = 0;
    if (event_assign(&client->event, base, client->fd, (short)(what | EV_PERSIST), on_event,
                     client) < 0 ||
        event_add(&client->event, NULL) < 0)
        return -1;
    client->watched = what;
    return 0;
}

/* One answer at most, or one piece of it: ticks and other clients come in between. */
static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct http_client *client = arg;

    (void)fd;
    (void)what;
    if (client->state != ANSWERING)
        receive(client);
    if (client->state == ANSWERING && client->came != REQUEST_MORE)
        answer(client);
    else if (client->state == ANSWERING)
        go_on(client);
    if (client->state == GONE || watch(client, event_get_base(&client->event),
                                       client->state == ANSWERING ? EV_WRITE : EV_READ) < 0)
        client->service->gone(client->service->owner, client);
}

struct http_client *http_client_new(struct event_base *base, int fd,
                                    const struct http_service *service)
{
    struct http_client *client = malloc(sizeof *client);

    if (!client) {
        close(fd);
        return NULL;
    }
    /* The bytes are left alone: most of them are never used, and take no memory then. */
    memset(client, 0, offsetof(struct http_client, bytes));
    client->service = service;
    client->fd = fd;
    client->output.fd = fd;
    client->fresh = true;
    enter(client, IDLE);
    if (watch(client, base, EV_READ) == 0)
        return client;
    http_client_free(client);
    return NULL;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    if (client->source || !http_output_is_empty(&client->output))
        setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                   sizeof(struct linger)); /* a reset: not what was cut off for the whole answer */
    drop_source(client);
    if (client->watched)
        event_del(&client->event);
    close(client->fd);
    http_output_clean(&client->output);
    free(client);
}

bool http_client_late(const struct http_client *client, const struct http_limits *limits,
                      int64_t now_ns)
{
    int64_t spent_ns = now_ns - client->since_ns;

    switch (client->state) {
    case IDLE:
        return spent_ns > limits->idle_ns;
    case ARRIVING:
    case LINGERING:
        return spent_ns > limits->arrival_ns;
    case ANSWERING:
        return spent_ns > limits->answer_ns || now_ns - client->progress_ns > limits->stall_ns;
    case GONE:
        break;
    }
    return true;
}

int64_t http_client_idle_ns(const struct http_client *client)
{
    if (client->state == ARRIVING && clock_mono_ns() - client->since_ns > SLOW_NS)
        return client->since_ns + INT64_MAX / 2;
    return client->state == IDLE || client->state == LINGERING ? client->since_ns : INT64_MAX;
}
