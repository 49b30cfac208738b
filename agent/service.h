/*
 * The service manager: what it is told of the agent's state, over the datagram socket that
 * NOTIFY_SOCKET names (sd_notify(3) has the protocol). Without that variable all of this does
 * nothing.
 *
 *   starting --ready--> READY=1 --reloading--> RELOADING=1 --ready--> READY=1 ... STOPPING=1
 *
 * While the agent is well the start's time-out is extended (EXTEND_TIMEOUT_USEC=), since a clock
 * that is not set may keep it from its first snapshot for long; once it is ready WATCHDOG=1 is sent
 * four times in each WATCHDOG_USEC, where that is set for this process (WATCHDOG_PID). An agent
 * that is not well is silent, and so gets restarted.
 *
 * Errors: NULL where memory is short; a message that cannot be sent is tried again with the next
 * beat. Threads: the loop's thread only; nothing blocks.
 */
#ifndef AGENT_SERVICE_H
#define AGENT_SERVICE_H

#include <stdbool.h>

struct event_base;
struct service;

/* Takes the variables out of the environment, so that nobody else speaks in our name. `well` is
 * asked before each beat. */
struct service *service_new(struct event_base *base, bool (*well)(void *arg), void *arg);
void service_free(struct service *service);

/* The first snapshot is there and the doors are open; or a new configuration is in force (`trouble`
 * is NULL), or was refused: then that text, of one line, is shown to who asks how the service is.
 */
void service_ready(struct service *service, const char *trouble);

void service_reloading(struct service *service);
void service_stopping(struct service *service);

#endif
