#include "emitter/store.h"

#include "base/clock.h"
#include "base/helper.h"
#include "base/log.h"
#include "emitter/block.h"
#include "emitter/mark.h"
#include "emitter/ringfile.h"
#include "emitter/scribe.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PATIENCE_S 2 /* for the file to be read; then the ring begins without it */
#define RETRY_S 1
#define LONGEST_WAIT_S 32
#define STALL_NS CLOCK_NS_PER_S
#define MESSAGES_A_TURN 16 /* of 64 KiB each */

struct store {
    struct event_base *base;
    struct ring *ring;
    struct store_options options;
    struct helper helper;
    struct event *readable; /* of the helper; NULL: there is none */
    struct event *timer;    /* while loading the patience, then until the next try */
    struct scribe_options scribe;
    struct scribe_message message;

    bool loaded;   /* the file was read: the ring's blocks have places */
    bool told;     /* `ready` was called */
    bool up;       /* the scribe takes writes */
    time_t wait_s; /* before the next scribe is tried */
    bool fresh;    /* what it writes is a new file, which has not all yet */
    bool stopping;
    struct bytes block; /* of which not all parts have come */
    uint64_t refused;   /* blocks that made no sense */

    bool writing;   /* a write is under way */
    bool completes; /* with it the new file has all */
    int64_t writing_since_ns;
    struct mark mark;
    struct mark_piece piece; /* that is under way; its bytes may be gone */
    uint64_t written;        /* all below is in the file */
    uint64_t turn;           /* of the positions */
    bool final;              /* the last positions are written */

    char error[128];
    struct log_complaint trouble;
};

static void start(struct store *store);

static uint64_t data_bytes(const struct store *store)
{
    return store->options.size_bytes - RINGFILE_DATA_AT;
}

static void wait_for(struct store *store, time_t seconds)
{
    const struct timeval wait = {.tv_sec = seconds};

    evtimer_add(store->timer, &wait);
}

/* Without the file, numbers begin where none of those in it can be: they only grow with time. */
static void tell_ready(struct store *store)
{
    if (store->told)
        return;
    if (!store->loaded)
        ring_begin(store->ring, (uint64_t)(clock_wall_ns() / CLOCK_NS_PER_S) << 20);
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
    if (store->readable)
        event_free(store->readable);
    store->readable = NULL;
    helper_end(&store->helper);
    store->up = false;
    store->writing = false;
    bytes_cut(&store->block, 0);
    wait_for(store, store->wait_s);
    if (store->wait_s < LONGEST_WAIT_S)
        store->wait_s *= 2;
}

static void adopt(struct store *store)
{
    const struct scribe_message *message = &store->message;
    uint64_t at = message->renewed ? BLOCK_UNPLACED : message->pieces[0].at;
    const struct block *block = NULL;

    if (store->block.len == message->number && !store->block.failed)
        block = ring_adopt(store->ring, &store->block, at);
    bytes_clean(&store->block);
    if (!block) {
        store->refused++;
        return;
    }
    store->mark = (struct mark){block->first, block->at, block->bytes.len};
    store->written = block_end(block);
}

static void hear_block(struct store *store)
{
    bytes_add(&store->block, store->message.bytes, store->message.len);
    if (store->block.failed || store->block.len >= store->message.number)
        adopt(store);
}

static void hear_positions(struct store *store)
{
    struct positions positions = {0};

    if (store->loaded || positions_decode(&positions, store->message.bytes, store->message.len) < 0)
        return;
    store->turn = positions.turn;
    store->options.loaded(store->options.arg, &positions);
    positions_clean(&positions);
}

static void pump(struct store *store);

static void hear_ready(struct store *store)
{
    const struct scribe_message *message = &store->message;

    if (message->complete && !store->loaded) {
        store->loaded = true;
        if (store->refused > 0)
            log_write(LOG_LEVEL_WARNING,
                      "state_dir %s: %" PRIu64 " parts of the file make no sense and are left out",
                      store->options.dir, store->refused);
        ring_settle(store->ring, data_bytes(store));
    }
    if (message->renewed) {
        store->mark = (struct mark){0};
        store->written = 0;
    }
    store->fresh = message->renewed;
    store->up = message->error == 0;
    if (!store->up)
        fail(store, strerror(message->error));
    if (store->loaded)
        event_del(store->timer);
    tell_ready(store);
    pump(store);
}

static void hear_busy(struct store *store)
{
    pid_t holder = (pid_t)store->message.number;
    char why[64];

    if (!store->told) {
        store->options.refused(store->options.arg, holder);
        return;
    }
    snprintf(why, sizeof why, "another altimeter (process %d) has it", (int)holder);
    fail(store, why);
}

static void hear_written(struct store *store)
{
    store->writing = false;
    event_del(store->timer);
    if (store->message.error != 0) {
        fail(store, strerror(store->message.error));
        wait_for(store, RETRY_S);
        return;
    }
    store->mark = store->piece.after;
    store->written = store->piece.end;
    store->fresh = store->fresh && !store->completes;
    store->wait_s = RETRY_S;
    pump(store);
}

static void hear(struct store *store)
{
    struct scribe_message *message = &store->message;

    switch (message->kind) {
    case SCRIBE_BLOCK:
        hear_block(store);
        break;
    case SCRIBE_POSITIONS:
        hear_positions(store);
        break;
    case SCRIBE_SAY:
        log_write(LOG_LEVEL_WARNING, "state_dir %s: %.*s", store->options.dir, (int)message->len,
                  (const char *)message->bytes);
        break;
    case SCRIBE_READY:
        hear_ready(store);
        break;
    case SCRIBE_BUSY:
        hear_busy(store);
        break;
    case SCRIBE_WRITTEN:
        hear_written(store);
        break;
    case SCRIBE_WRITE:
        break;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct store *store = arg;

    (void)what;
    for (unsigned i = 0; i < MESSAGES_A_TURN && store->readable; i++) {
        ssize_t got = scribe_receive(fd, &store->message, MSG_DONTWAIT);

        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            drop(store);
            return;
        }
        hear(store);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct store *store = arg;

    (void)fd;
    (void)what;
    if (!store->readable) {
        if (helper_reap(&store->helper))
            start(store);
        else
            wait_for(store, RETRY_S);
    } else if (store->writing || !store->loaded) {
        fail(store, "the disk does not answer");
        tell_ready(store);
    } else {
        pump(store);
    }
}

static void start(struct store *store)
{
    store->scribe.load = !store->loaded;
    store->scribe.renew = store->fresh;
    store->refused = 0;
    if (helper_start(&store->helper, &(struct helper_work){.name = "altimeter-ring",
                                                           .outlives = true,
                                                           .serve = scribe_serve,
                                                           .arg = &store->scribe}) < 0) {
        fail(store, strerror(errno));
        tell_ready(store);
        wait_for(store, store->wait_s);
        return;
    }
    store->readable =
        event_new(store->base, store->helper.fd, EV_READ | EV_PERSIST, on_readable, store);
    if (!store->readable || event_add(store->readable, NULL) < 0) {
        fail(store, "out of memory");
        tell_ready(store);
        drop(store);
        return;
    }
    if (!store->told)
        wait_for(store, PATIENCE_S);
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
    store->wait_s = RETRY_S;
    store->scribe = (struct scribe_options){
        .dir = options->dir, .data_bytes = data_bytes(store), .sync_ms = options->sync_ms};
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
    if (store->readable)
        event_free(store->readable);
    if (store->timer)
        event_free(store->timer);
    helper_leave(&store->helper);
    bytes_clean(&store->block);
    free(store);
}

/* Puts a piece of the message together; -1 where memory is short. */
static int add_positions(struct store *store)
{
    struct scribe_message *message = &store->message;
    struct positions positions = {.turn = store->turn + 1,
                                  .first = ring_first(store->ring),
                                  .end = ring_end(store->ring),
                                  .written = store->written};
    struct bytes slot = {0};
    int result = -1;

    if (store->options.positions(store->options.arg, &positions) == 0 &&
        positions_encode(&positions, &slot) == 0) {
        message->pieces[0] = (struct scribe_piece){
            .at = RINGFILE_SLOT_AT + positions.turn % 2 * POSITIONS_BYTES, .len = slot.len};
        memcpy(message->bytes, slot.data, slot.len);
        message->len = slot.len;
        store->turn++;
        result = 0;
    }
    positions_clean(&positions);
    bytes_clean(&slot);
    return result;
}

static void add_piece(struct store *store)
{
    struct scribe_message *message = &store->message;
    const struct mark_piece *piece = &store->piece;

    memcpy(message->bytes + message->len, piece->bytes, piece->len);
    message->len += piece->len;
    if (piece->closes)
        message->bytes[message->len++] = 0;
    message->pieces[1] = (struct scribe_piece){.at = RINGFILE_DATA_AT + piece->at,
                                               .len = piece->len + piece->closes};
}

/* Hands the scribe what comes next, if it has nothing in hand. */
static void pump(struct store *store)
{
    struct mark_piece rest;
    size_t most = SCRIBE_BYTES_MOST - POSITIONS_BYTES - 1;

    if (!store->up || store->writing)
        return;
    bool more = mark_next(&store->mark, store->ring, most, &store->piece);
    if (!more) {
        log_relieve(&store->trouble, "state_dir %s: all is written again", store->options.dir);
        store->error[0] = '\0';
        if (!store->stopping || store->final)
            return;
        store->piece = (struct mark_piece){.end = store->written, .after = store->mark};
    }
    store->message = (struct scribe_message){.kind = SCRIBE_WRITE};
    if (add_positions(store) < 0) {
        wait_for(store, RETRY_S);
        return;
    }
    if (more)
        add_piece(store);
    bool last = !mark_next(&store->piece.after, store->ring, most, &rest);
    store->completes = store->fresh && last;
    store->message.complete = store->completes;
    store->final = store->stopping && last;
    store->writing = true;
    store->writing_since_ns = clock_mono_ns();
    wait_for(store, RETRY_S);
    scribe_send(store->helper.fd, &store->message); /* where it is gone, on_readable hears of it */
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
    bool stalled = store->writing && clock_mono_ns() - store->writing_since_ns > STALL_NS;
    uint64_t first = ring_first(store->ring);
    uint64_t from = store->written > first ? store->written : first;
    const char *state = "ok";

    if (!store->told)
        state = "loading";
    else if (stalled)
        state = "stalled";
    else if (store->error[0] || !store->up)
        state = "failing";
    return (struct store_status){
        .state = state,
        .error = store->error[0] ? store->error : NULL,
        .behind = (size_t)(ring_end(store->ring) - from),
        .size_bytes = store->options.size_bytes,
    };
}
