#include "emitter/push/session.h"

#include "base/clock.h"
#include "emitter/push/connect.h"
#include "emitter/push/delivery.h"
#include "emitter/push/tcp.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * When the kernel is asked what the peer acknowledged, where no turn comes before that: soon while
 * what is under way keeps more from being sent, else only lest a peer that vanished stay unnoticed.
 */
#define POLL_FIRST_MS 50
#define POLL_LONGEST_MS 1000
#define POLL_CALM_MS 1500

/* What a turn does not ask for while ticks come often and all is well. */
#define CALM_UNDER_WAY 4
#define CALM_NS (5 * CLOCK_NS_PER_S)

#define TURN_SENDS 64
#define TURN_RECEIVES 16

struct session {
    struct connection *connection;
    struct delivery *delivery;
    struct event *readable;
    struct event *writable; /* pending while the peer takes no more */
    struct event *poll;     /* pending while something is under way */
    struct event *pace;     /* pending while old snapshots wait for their turn */
    bool paced;             /* that one may be pending */
    long poll_ms;
    int64_t looked_ns;
    int64_t silent_since_ns; /* see tcp_vanished */
    int64_t since_ns;
    session_cb *broke;
    void *arg;
};

/* Whatever the peer says is discarded. NULL, or why the connection is over. */
static const char *hear(struct session *session)
{
    char discarded[4096];

    for (unsigned i = 0; i < TURN_RECEIVES; i++) {
        ssize_t len = connection_recv(session->connection, discarded, sizeof discarded);

        if (len == 0)
            return "closed by the peer";
        if (len < 0)
            return errno == EAGAIN ? NULL : connection_why(session->connection);
    }
    return NULL;
}

/* Sends as much as the peer takes and a turn allows. NULL, or why the connection is over. */
static const char *speak(struct session *session, int64_t now_ns)
{
    for (unsigned i = 0; i < TURN_SENDS; i++) {
        size_t len = 0;
        const void *bytes = delivery_peek(session->delivery, now_ns, &len);
        if (!bytes)
            return NULL;

        ssize_t sent = connection_send(session->connection, bytes, len);
        if (sent < 0 && errno != EAGAIN)
            return connection_why(session->connection);
        if (sent > 0) {
            delivery_sent(session->delivery, (size_t)sent);
            session->poll_ms = POLL_FIRST_MS;
        }
        if (sent < 0)
            break;
    }
    return event_add(session->writable, NULL) < 0 ? "out of memory" : NULL;
}

/* Nothing tells when an acknowledgement arrives, so it is asked for; never while all is quiet. */
static void schedule_poll(struct session *session)
{
    size_t under_way = delivery_counts(session->delivery).under_way;
    long wait_ms = session->silent_since_ns != 0 ? POLL_LONGEST_MS : POLL_CALM_MS;

    if (under_way == 0) {
        event_del(session->poll);
        return;
    }
    if (under_way == DELIVERY_UNDER_WAY) {
        wait_ms = session->poll_ms;
        session->poll_ms = wait_ms * 2 < POLL_LONGEST_MS ? wait_ms * 2 : POLL_LONGEST_MS;
    }
    const struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    evtimer_add(session->poll, &wait);
}

static void schedule_pace(struct session *session, int64_t now_ns)
{
    int64_t wait_us = delivery_wait_ns(session->delivery, now_ns) / 1000;
    const struct timeval wait = {.tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000};

    if (wait_us > 0)
        evtimer_add(session->pace, &wait);
    else if (session->paced)
        event_del(session->pace);
    session->paced = wait_us > 0;
}

/* Asks the kernel what was acknowledged. NULL, or why the connection is over. */
static const char *look(struct session *session, int64_t now_ns)
{
    session_ask(session);
    session->looked_ns = now_ns;
    if (delivery_counts(session->delivery).under_way == 0)
        session->silent_since_ns = 0;
    else if (tcp_vanished(connection_fd(session->connection), now_ns, &session->silent_since_ns))
        return "no answer any more";
    return NULL;
}

/* One time is for all: what has to wait for its turn now must not be found ready a moment later,
 * when the wait is asked for, or nothing would come for it. */
static void turn(struct session *session, bool asks)
{
    int64_t now_ns = clock_mono_ns();
    bool calm = delivery_counts(session->delivery).under_way <= CALM_UNDER_WAY &&
                session->silent_since_ns == 0 && now_ns - session->looked_ns < CALM_NS;
    const char *why = asks || !calm ? look(session, now_ns) : NULL;

    if (!why && !event_pending(session->writable, EV_WRITE, NULL))
        why = speak(session, now_ns);
    if (why) {
        session->broke(session->arg, why);
        return;
    }
    schedule_poll(session);
    schedule_pace(session, now_ns);
}

void session_turn(struct session *session)
{
    turn(session, false);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct session *session = arg;
    const char *why = hear(session);

    (void)fd;
    (void)what;
    if (why)
        session->broke(session->arg, why);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    turn(arg, true);
}

struct session *session_new(struct event_base *base, struct connection *connection,
                            struct delivery *delivery, session_cb *broke, void *arg)
{
    struct session *session = calloc(1, sizeof *session);
    int fd = connection_fd(connection);

    if (!session) {
        connection_close(connection);
        return NULL;
    }
    session->connection = connection;
    session->delivery = delivery;
    session->poll_ms = POLL_FIRST_MS;
    session->since_ns = clock_mono_ns();
    session->broke = broke;
    session->arg = arg;
    session->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, session);
    session->writable = event_new(base, fd, EV_WRITE, on_turn, session);
    session->poll = evtimer_new(base, on_turn, session);
    session->pace = evtimer_new(base, on_turn, session);
    if (session->readable && session->writable && session->poll && session->pace &&
        event_add(session->readable, NULL) == 0)
        return session;
    session_free(session);
    return NULL;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    session_ask(session);
    delivery_broke(session->delivery, clock_mono_ns());
    if (session->readable)
        event_free(session->readable);
    if (session->writable)
        event_free(session->writable);
    if (session->poll)
        event_free(session->poll);
    if (session->pace)
        event_free(session->pace);
    connection_close(session->connection);
    free(session);
}

void session_ask(struct session *session)
{
    delivery_acked(session->delivery, connection_unacked(session->connection), clock_mono_ns());
}

int64_t session_age_ns(const struct session *session)
{
    return clock_mono_ns() - session->since_ns;
}
