/*
 * A command's process, as its supervisor holds it: forked, waiting at the gate, and then running.
 *
 * The process keeps nothing of the supervisor's: no descriptor but 0, 1, 2, no signal that is
 * ignored or blocked. It ends by itself when the supervisor goes before the gate is opened.
 *
 * Errors: what keeps it from running comes as a text through `fault`. Threads: any; safe after a
 * fork.
 */
#ifndef PARACHUTE_COMMAND_H
#define PARACHUTE_COMMAND_H

#include "parachute/order.h"

#include <sys/types.h>

#define COMMAND_WHY_MAX 300

struct command {
    pid_t pid;  /* of the process, its group and its session */
    int pidfd;  /* readable when it has ended */
    int gate;   /* to be opened by a byte */
    int output; /* what it prints; does not block */
    int fault;  /* closed by its exec; does not block */
};

/* Forks it up to the gate; -1 with errno. The order is borrowed until then. */
int command_start(struct command *command, const struct order *order);

/* Its timeout, if any, counts from here. */
void command_go(struct command *command);

/* Ends one that waits at the gate. */
void command_drop(struct command *command);

/* Sends the signal to its whole group. It must not have been reaped. */
void command_signal(const struct command *command, int signal);

/* One that has ended: how, as plan_ended takes it, and `why` (COMMAND_WHY_MAX bytes), if it could
 * not be run. All is closed. */
int command_end(struct command *command, char *why);

#endif
