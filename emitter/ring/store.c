#include "emitter/ring/store.h"

#include "base/log.h"
#include "emitter/ring/incoming.h"
#include "emitter/ring/outgoing.h"
#include "emitter/ring/ringfile.h"
#include "emitter/ring/scribe_link.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 2 /* for the file to be read; then the ring begins without it */
#define RETRY_S 1
#define LONGEST_WAIT_S 32

struct store {
    struct event_base *base;
    struct ring *ring;
    struct store_options options;
    uint64_t data_bytes; /* of the file */
    struct scribe_link link;
    struct event *timer; /* the patience, or until the next try */

    bool loaded;   /* the file was read: the ring's blocks have places */
    bool told;     /* `ready` was called */
    bool up;       /* the scribe takes writes */
    time_t wait_s; /* before the next scribe is tried */
    bool fresh;    /* what it writes is a new file, which has not all yet */
    bool stopping;
    struct incoming incoming;

    bool writing; /* a write is under way */
    bool stalled; /* for too long */
    struct outgoing outgoing;
    struct positions positions; /* that are written with it */
    bool final;                 /* the last positions are written, or on their way */

    char error[128];
    struct log_complaint trouble;
};

static void wait_for(struct store *store, time_t seconds)
{
    evtimer_add(store->timer, &(struct timeval){.tv_sec = seconds});
}

static void tell_ready(struct store *store)
{
    if (store->told)
        return;
    if (!store->loaded)
        ring_begin(store->ring, INCOMING_LATE);
    store->told = true;
    store->options.ready(store->options.arg);
}

/* The disk does not do what it should; the ring goes on in memory. */
static void fail(struct store *store, const char *why)
{
    snprintf(store->error, sizeof store->error, "%s", why);
    log_complain(&store->trouble, LOG_LEVEL_WARNING,
                 "state_dir %s: %s; the ring goes on in memory, trying again", store->options.dir,
                 why);
}

/* The scribe is no use any more, or gone; another one follows. */
static void drop(struct store *store)
{
    scribe_link_end(&store->link);
    tell_ready(store);
    store->up = false;
    store->writing = false;
    store->stalled = false;
    incoming_clean(&store->incoming);
    positions_clean(&store->positions);
    wait_for(store, store->wait_s);
    if (store->wait_s < LONGEST_WAIT_S)
        store->wait_s *= 2;
}

static void pump(struct store *store);

/* All that the file has is here. What is too much goes before anybody is owed it. */
static void take_in(struct store *store)
{
    incoming_adopt(&store->incoming, store->ring, store->told, store->options.dir);
    ring_settle(store->ring, store->data_bytes);
    store->loaded = true;
    store->fresh = store->told && store->incoming.count > 0;
    store->outgoing.turn = store->incoming.positions.turn;
    store->options.loaded(store->options.arg, &store->incoming.positions);
    incoming_clean(&store->incoming);
    positions_clean(&store->positions);
    if (!store->told)
        outgoing_all(&store->outgoing, store->ring);
}

static void hear_ready(struct store *store, const struct scribe_message *message)
{
    if (message->complete && !store->loaded)
        take_in(store);
    if (store->loaded)
        event_del(store->timer);
    if (message->error != 0)
        fail(store, strerror(message->error));
    tell_ready(store);
    if (store->fresh && !message->renewed) { /* the blocks have other numbers: all anew */
        drop(store);
        return;
    }
    if (message->renewed) {
        outgoing_none(&store->outgoing);
        store->fresh = true;
    }
    store->up = message->error == 0;
    pump(store);
}

static void hear_busy(struct store *store, pid_t holder)
{
    if (store->told) {
        fail(store, "another altimeter has it");
        return;
    }
    scribe_link_end(&store->link);
    store->options.refused(store->options.arg, holder);
}

static void hear_written(struct store *store, const struct scribe_message *message)
{
    store->writing = false;
    store->stalled = false;
    event_del(store->timer);
    if (message->error != 0) {
        fail(store, strerror(message->error));
        wait_for(store, RETRY_S);
        return;
    }
    outgoing_done(&store->outgoing);
    store->fresh = store->fresh && !message->complete;
    store->wait_s = RETRY_S;
    pump(store);
}

static void on_heard(void *arg, const struct scribe_message *message)
{
    struct store *store = arg;

    if (!message && !store->error[0])
        fail(store, "the process that writes it has ended");
    if (!message)
        drop(store);
    else if (message->kind == SCRIBE_SAY)
        log_write(LOG_LEVEL_WARNING, "state_dir %s: %.*s", store->options.dir, (int)message->len,
                  (const char *)message->bytes);
    else if (message->kind == SCRIBE_READY)
        hear_ready(store, message);
    else if (message->kind == SCRIBE_BUSY)
        hear_busy(store, (pid_t)message->number);
    else if (message->kind == SCRIBE_WRITTEN)
        hear_written(store, message);
    else
        incoming_hear(&store->incoming, message);
}

static void start(struct store *store)
{
    struct scribe_options options = {.dir = store->options.dir,
                                     .data_bytes = store->data_bytes,
                                     .sync_ms = store->options.sync_ms,
                                     .load = !store->loaded,
                                     .renew = store->fresh};

    if (scribe_link_start(&store->link, store->base, &options, on_heard, store) < 0) {
        fail(store, strerror(errno));
        tell_ready(store);
        wait_for(store, store->wait_s);
    } else if (!store->told) {
        wait_for(store, PATIENCE_S);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct store *store = arg;

    (void)fd;
    (void)what;
    if (!store->link.readable) {
        if (scribe_link_reap(&store->link))
            start(store);
        else
            wait_for(store, RETRY_S);
    } else if (store->writing || !store->loaded) {
        store->stalled = store->told;
        fail(store, "the disk does not answer");
        tell_ready(store);
    } else {
        pump(store);
    }
}

struct store *store_new(struct event_base *base, struct ring *ring,
                        const struct store_options *options)
{
    struct store *store = calloc(1, sizeof *store);

    if (!store)
        return NULL;
    store->base = base;
    store->ring = ring;
    store->options = *options;
    store->data_bytes = options->size_bytes - RINGFILE_DATA_AT;
    store->wait_s = RETRY_S;
    store->timer = evtimer_new(base, on_timer, store);
    if (!store->timer) {
        free(store);
        return NULL;
    }
    evtimer_add(store->timer, &(struct timeval){0});
    return store;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    scribe_link_leave(&store->link);
    event_free(store->timer);
    incoming_clean(&store->incoming);
    positions_clean(&store->positions);
    free(store);
}

static bool all_said(struct store *store)
{
    if (outgoing_any(&store->outgoing, store->ring))
        return false;
    log_relieve(&store->trouble, "state_dir %s: all is written again", store->options.dir);
    store->error[0] = '\0';
    return !store->stopping || store->final;
}

/* Hands the scribe what comes next, if it has nothing in hand. */
static void pump(struct store *store)
{
    struct scribe_message *message = &store->link.message;

    if (!store->up || store->writing || all_said(store))
        return;
    positions_restart(&store->positions);
    int made = store->options.positions(store->options.arg, &store->positions);
    if (made == 0)
        made = outgoing_next(&store->outgoing, store->ring, &store->positions, message);
    if (made == 0) {
        store->final = store->stopping && message->complete;
        message->complete = store->fresh && message->complete;
        store->writing = true;
        scribe_link_send(&store->link);
    }
    wait_for(store, RETRY_S);
}

void store_notify(struct store *store)
{
    if (!event_pending(store->timer, EV_TIMEOUT, NULL) || store->writing)
        pump(store);
}

void store_stop(struct store *store)
{
    store->stopping = true;
    pump(store);
}

bool store_idle(const struct store *store)
{
    return !store->up || (!store->writing && (store->final || store->error[0]));
}

struct store_status store_status(const struct store *store)
{
    uint64_t first = ring_first(store->ring);
    uint64_t from = store->outgoing.mark.end > first ? store->outgoing.mark.end : first;
    const char *state = store->error[0] || !store->up ? "failing" : "ok";

    if (!store->told)
        state = "loading";
    else if (store->stalled)
        state = "stalled";
    return (struct store_status){
        .state = state,
        .error = store->error[0] ? store->error : NULL,
        .behind = (size_t)(ring_end(store->ring) - from),
        .size_bytes = store->options.size_bytes,
    };
}
