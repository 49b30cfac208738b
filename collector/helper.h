/*
 * A helper: a process of our own that reads the mount points on a board, since a call on one may
 * hang and then cannot be ended, not even by SIGKILL. It is never waited for.
 *
 * One byte on a socket starts the batch, one comes back when the helper is through with it. The
 * helper ends when the socket closes or the agent dies, and keeps none of the agent's descriptors.
 *
 * Errors: -1 with errno, nothing is logged. Threads: the loop's thread only, from which it is
 * forked; other threads may run, the child makes async-signal-safe calls only.
 */
#ifndef COLLECTOR_HELPER_H
#define COLLECTOR_HELPER_H

#include "collector/board.h"

#include <stdbool.h>
#include <sys/types.h>

/* All zero: none. */
struct helper {
    pid_t pid;
    int fd; /* readable when a batch is through, and when the helper is dead */
    struct board *board;
};

int helper_start(struct helper *helper);

/* Tells the helper that its board is open. Where it is dead, helper_listen says so. */
void helper_wake(const struct helper *helper);

/* 1: the batch is through. 0: nothing yet. -1: the helper is dead. */
int helper_listen(const struct helper *helper);

/* Kills the helper, if there is one, without waiting. Its pid is left, for helper_reap. */
void helper_end(struct helper *helper);

/* After helper_end. Whether the process is gone; the struct is then all zero. */
bool helper_reap(struct helper *helper);

#endif
