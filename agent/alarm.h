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
    void (*rings)(void *arg); /* the time has come, or the clock was set */
    void *arg;
};

int alarm_open(struct alarm *alarm, struct event_base *base, void (*rings)(void *arg), void *arg);

/* Instead of an earlier time. */
int alarm_set(const struct alarm *alarm, int64_t wall_ns);

/* Rings no more. */
void alarm_close(struct alarm *alarm);

#endif
