/*
 * The signals that a running agent lives by: SIGTERM and SIGINT end it, SIGHUP has it read its
 * configuration again, unless it comes from a terminal that closes.
 *
 * Errors: -1, errno. Threads: the loop's thread only.
 */
#ifndef AGENT_SIGNALS_H
#define AGENT_SIGNALS_H

#include <stdbool.h>

enum { SIGNALS = 3 };

struct event;
struct event_base;

/* All zero: not open. */
struct signals {
    struct event *events[SIGNALS];
    bool terminal; /* it was started at one, and is to end with it */
};

/* From the first line of main on: a SIGHUP waits until somebody listens, and kills nobody. */
void signals_hold(void);

/* For what is over soon: SIGHUP does what it does to others. */
void signals_release(void);

/* `on_signal` is an event_callback_fn, whose first argument is the signal's number. Those that came
 * since signals_hold are told of now. */
int signals_open(struct signals *signals, struct event_base *base,
                 void (*on_signal)(int number, short what, void *arg), void *arg);

/* Why that signal ends the agent, a static text; NULL: it asks for a reload. A SIGHUP may also come
 * from the terminal that the agent was started at, when that closes. */
const char *signals_end(const struct signals *signals, int number);

/* Whoever is told once more to stop, when that is all but done, still ends with its own status:
 * they are blocked from here on. */
void signals_close(struct signals *signals);

#endif
