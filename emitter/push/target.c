#include "emitter/push/target_inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "emitter/push/backoff.h"
#include "emitter/push/connect.h"
#include "emitter/push/delivery.h"
#include "emitter/push/session.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_PATIENCE_MS 5000
#define LASTING_NS (CLOCK_NS_PER_S * 30)

/* Ends what connection there is. What it did not bring across is owed again. */
static void disconnect(struct target *target)
{
    session_free(target->session);
    target->session = NULL;
    connection_close(target->connection);
    target->connection = NULL;
}

static void fail(struct target *target, const char *what, const char *why)
{
    snprintf(target->error, sizeof target->error, "%s", why);
    disconnect(target);
    if (target->stopping)
        return;

    outage_fail(&target->outage, target->name, &target->options.peer, what, target->error);
    target->failures++;
    long wait_ms = backoff_wait_ms(target->failures, arc4random());
    const struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    evtimer_add(target->retry, &wait);
}

/* A peer that accepts and soon closes, over and over, is one trouble, and its backoff grows. */
static void forgive(struct target *target)
{
    if (session_age_ns(target->session) < LASTING_NS)
        return;
    target->failures = 0;
    target->shaky = false;
}

static void on_broke(void *arg, const char *why)
{
    struct target *target = arg;

    target->shaky = true;
    forgive(target);
    fail(target, "lost the connection to", why);
}

static void complain_of_loss(struct target *target)
{
    if (delivery_counts(target->delivery).loss.snapshots > 0)
        outage_lose(&target->outage, target->name);
}

void target_push(struct target *target)
{
    complain_of_loss(target);
    session_turn(target->session);
    complain_of_loss(target);
    if (!target->session)
        return;
    forgive(target);

    if (target->shaky || delivery_counts(target->delivery).owed > 0)
        return;
    struct loss loss = delivery_take_loss(target->delivery);
    outage_end(&target->outage, target->name, &loss);
}

static void on_connected(void *arg, const char *error)
{
    static const char cannot[] = "cannot connect to";
    struct target *target = arg;

    if (error) {
        fail(target, cannot, error);
        return;
    }
    target->session =
        session_new(target->base, target->connection, target->delivery, on_broke, target);
    target->connection = NULL;
    if (!target->session) {
        fail(target, cannot, "out of memory");
        return;
    }
    if (target->connections++ == 0)
        log_write(LOG_LEVEL_INFO, "graphite %s: connected, %" PRIu64 " snapshots are owed",
                  target->name, delivery_counts(target->delivery).owed);
    target_push(target);
}

static void connect_peer(struct target *target)
{
    const struct connection_options options = {
        .peer = &target->options.peer,
        .patience_ms = CONNECT_PATIENCE_MS,
        .tls = target->options.tls,
        .tls_ca = target->options.tls_ca,
        .tls_cert = target->options.tls_cert,
        .tls_key = target->options.tls_key,
    };

    target->connection = connection_open(target->connector, &options, on_connected, target);
    if (!target->connection)
        fail(target, "cannot connect to", "out of memory");
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    connect_peer(arg);
}

struct target *target_new(struct event_base *base, struct connector *connector,
                          const struct ring *ring, const struct series_table *series,
                          const struct target_options *options)
{
    struct target *target = calloc(1, sizeof *target);

    if (!target)
        return NULL;
    target->base = base;
    target->connector = connector;
    target->options = *options;
    target->name = strdup(options->name);
    target->delivery = delivery_new(ring, series,
                                    &(struct delivery_options){.settle_ms = options->settle_ms,
                                                               .replay_rate = options->replay_rate,
                                                               .position = options->position,
                                                               .lost = options->lost});
    target->retry = evtimer_new(base, on_retry, target);
    if (!target->name || !target->delivery || !target->retry) {
        target_free(target);
        return NULL;
    }
    delivery_owe_new(target->delivery);
    connect_peer(target);
    return target;
}

/* What is not acknowledged at the end is nobody's any more. */
static void say_what_is_left(const struct target *target)
{
    struct delivery_counts counts = delivery_counts(target->delivery);

    if (target->stopping && counts.owed + counts.under_way > 0)
        log_write(LOG_LEVEL_WARNING, "graphite %s: ends with %" PRIu64 " snapshots undelivered",
                  target->name, counts.owed + counts.under_way);
}

void target_free(struct target *target)
{
    if (!target)
        return;
    if (target->session)
        session_ask(target->session);
    if (target->delivery)
        say_what_is_left(target);
    disconnect(target);
    if (target->retry)
        event_free(target->retry);
    delivery_free(target->delivery);
    free(target->name);
    free(target);
}

static bool is_aged(const struct target *target)
{
    int64_t most_ns = target->options.max_age_ms * CLOCK_NS_PER_MS;

    return most_ns > 0 && session_age_ns(target->session) >= most_ns;
}

void target_renew(struct target *target)
{
    target->failures = 0;
    target->shaky = false;
    target->error[0] = '\0';
    disconnect(target);
    connect_peer(target);
}

void target_notify(struct target *target)
{
    if (target->stopping)
        return;
    delivery_owe_new(target->delivery);
    if (!target->session)
        return;
    if (is_aged(target))
        target_renew(target);
    else
        target_push(target);
}

void target_evict(struct target *target, uint64_t end)
{
    if (!target->stopping)
        delivery_owe_new(target->delivery);
    delivery_evict(target->delivery, end);
}

uint64_t target_position(const struct target *target, struct owed *position)
{
    if (target->session)
        session_ask(target->session); /* lest what arrived is owed again, or counts as lost */
    return delivery_position(target->delivery, position);
}

void target_owe(struct target *target, const struct owed *position, uint64_t lost)
{
    delivery_owe(target->delivery, position, lost);
    if (target->session)
        target_push(target);
}

void target_stop(struct target *target)
{
    target->stopping = true;
    event_del(target->retry);
}

bool target_idle(struct target *target)
{
    if (!target->session)
        return !target->connection;
    session_ask(target->session);
    struct delivery_counts counts = delivery_counts(target->delivery);

    return counts.owed == 0 && counts.under_way == 0;
}

static const char *state(const struct target *target)
{
    if (target->session)
        return "up";
    return target->connection ? "connecting" : "down";
}

struct target_status target_status(const struct target *target)
{
    if (target->session)
        session_ask(target->session); /* lest it tell of what arrived long ago as under way */
    struct delivery_counts counts = delivery_counts(target->delivery);
    const struct loss *loss = counts.loss.snapshots > 0 ? &counts.loss : &target->outage.last_loss;
    int64_t acked_age_ns = clock_mono_ns() - counts.acked_ns;

    return (struct target_status){
        .name = target->name,
        .state = state(target),
        .error = !target->session && target->error[0] ? target->error : NULL,
        .sent = counts.acked,
        .owed = counts.owed + counts.under_way,
        .lost = counts.lost,
        .lost_from_s = loss->from_s,
        .lost_to_s = loss->to_s,
        .reconnects = target->connections > 0 ? target->connections - 1 : 0,
        .acked_age_ms = counts.acked > 0 ? acked_age_ns / CLOCK_NS_PER_MS : -1,
    };
}
