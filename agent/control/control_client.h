/*
 * One client of the control socket: its request, its answer, and the output of a command that it
 * has asked for.
 *
 * Errors: a client's trouble ends that client only. Threads: the loop's thread only.
 */
#ifndef AGENT_CONTROL_CLIENT_H
#define AGENT_CONTROL_CLIENT_H

#include "agent/control/control_answer.h"

#include <stdbool.h>

struct bufferevent;
struct event;
struct event_base;

/* All zero: the place is free. */
struct control_client {
    struct parachute *parachute;
    struct control_peer peer;
    struct bufferevent *stream; /* NULL: the place is free */
    struct event *deadline;     /* for the request */
    bool asked;                 /* it has made its request */
    bool rehearsing;            /* it hears a command */
    bool whole;                 /* its answer is; it is closed once that is written */
};

/* Takes the descriptor over, in any case. -1: memory is short, the place is still free. */
int control_client_open(struct control_client *client, struct event_base *base,
                        struct parachute *parachute, const struct control_peer *peer, int fd);

/* Frees the place. */
void control_client_close(struct control_client *client);

/* The same; one that waits for a command's end is told that the agent stops. */
void control_client_stop(struct control_client *client);

#endif
