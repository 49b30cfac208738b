/*
 * The alarm: a timer on the wall clock, which also rings when that clock is set.
 *
 * Errors: -1, errno. Threads: the loop's thread only.
 */
#ifndef AGENT_ALARM_H
#define AGENT_ALARM_H

#include <stdint.h>

struct event;
struct event_base;

/* All zero: not open. */
struct alarm {
    int fd; /* while `event` is there */
    struct event *event;
    int64_t at_ns;    /* wall clock; what it was last set to ring at, */
    int64_t every_ns; /* and again so long after that; 0: not set, or no more to be relied on */
    void (*rings)(void *arg); /* the time has come, or the clock was set */
    void *arg;
};

int alarm_open(struct alarm *alarm, struct event_base *base, void (*rings)(void *arg), void *arg);

/* Instead of an earlier time. -1 with ECANCELED: the clock was set meanwhile; once more, then. Once
 * it has rung it goes on every `every_ns`, so that to set it to just that costs nothing. */
int alarm_set(struct alarm *alarm, int64_t wall_ns, int64_t every_ns);

/* Rings no more. */
void alarm_close(struct alarm *alarm);

#endif
