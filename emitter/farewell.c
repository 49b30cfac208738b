#include "emitter/farewell.h"

#include "base/clock.h"

#include <event2/event.h>
#include <stdlib.h>

#define LONGEST_NS CLOCK_NS_PER_S
#define LOOK_US 20000

struct farewell {
    struct event *event;
    int64_t end_ns; /* monotonic */
    struct targets *targets;
    struct store *store;
    void (*done)(void *arg);
    void *arg;
};

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct farewell *farewell = arg;

    (void)fd;
    (void)what;
    bool in_time = clock_mono_ns() < farewell->end_ns;
    if (in_time && !targets_idle(farewell->targets))
        return;
    if (farewell->store) { /* the last positions are those of now */
        store_stop(farewell->store);
        if (in_time && !store_idle(farewell->store))
            return;
    }
    event_del(farewell->event);
    farewell->done(farewell->arg);
}

struct farewell *farewell_new(struct event_base *base)
{
    struct farewell *farewell = calloc(1, sizeof *farewell);

    if (!farewell)
        return NULL;
    farewell->event = event_new(base, -1, EV_PERSIST, on_look, farewell);
    if (farewell->event)
        return farewell;
    free(farewell);
    return NULL;
}

void farewell_free(struct farewell *farewell)
{
    if (!farewell)
        return;
    event_free(farewell->event);
    free(farewell);
}

/* Whether a peer has acknowledged everything is told by no event, so it is looked at. */
void farewell_begin(struct farewell *farewell, struct targets *targets, struct store *store,
                    void (*done)(void *arg), void *arg)
{
    const struct timeval look = {.tv_usec = LOOK_US};

    targets_stop(targets);
    farewell->targets = targets;
    farewell->store = store;
    farewell->done = done;
    farewell->arg = arg;
    farewell->end_ns = clock_mono_ns() + LONGEST_NS;
    event_add(farewell->event, &look);
    event_active(farewell->event, EV_TIMEOUT, 0);
}
