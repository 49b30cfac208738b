/*
 * The event loop: libevent's, whose own words go into the log.
 *
 * Errors: NULL where memory is short. Threads: one.
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

struct event_base;

/* What has happened at the same time is heard in this order. */
enum loop_priority {
    LOOP_MACHINE, /* mounts that come and go: a tick must know of them */
    LOOP_USUAL,   /* of two, libevent gives this one to all events that do not say */
    LOOP_PRIORITIES
};

struct event_base *loop_new(void);

/* All that libevent keeps goes with it, so it is the last of a process. */
void loop_free(struct event_base *base);

#endif
