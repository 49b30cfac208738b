/*
 * A helper: a process of our own for calls that may hang and then cannot be ended, not even by
 * SIGKILL. It is never waited for: one that hangs is left behind, and ends when its call returns.
 *
 * The two talk over a socket that keeps messages apart (SOCK_SEQPACKET), which is descriptor 0 in
 * the helper; of the agent's other descriptors it keeps one, where its work asks for it. When the
 * agent is gone the helper's reads give end of file.
 *
 * Errors: -1 with errno, nothing is logged. Threads: the loop's thread only, from which it is
 * forked. Where other threads may run, `serve` may use only what is safe after a fork; glibc's
 * malloc is.
 */
#ifndef BASE_HELPER_H
#define BASE_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

/* All zero: none. */
struct helper {
    pid_t pid;
    int fd; /* the agent's end, which does not block; readable also when the helper is dead */
};

struct helper_work {
    const char *name; /* as ps shows it, at most 15 bytes */
    int keep;         /* a descriptor that is number 1 in the helper, above 2 here; 0: none */
    bool outlives;    /* it may finish what it has begun when the agent dies; else it is killed */
    /* Runs in the helper, which ends when it returns. `agent` is the agent's process. */
    void (*serve)(void *arg, pid_t agent);
    void *arg;
};

int helper_start(struct helper *helper, const struct helper_work *work);

/* Sends one byte. Where the helper is dead, helper_listen says so. */
void helper_wake(const struct helper *helper);

/* 1: a message came, and was dropped. 0: nothing yet. -1: the helper is dead. */
int helper_listen(const struct helper *helper);

/* Closes the agent's end: the helper finishes what it has begun and ends. Its pid is left. */
void helper_leave(struct helper *helper);

/* Kills the helper, if there is one, without waiting. Its pid is left, for helper_reap. */
void helper_end(struct helper *helper);

/* After either. Whether the process is gone; the struct is then all zero. */
bool helper_reap(struct helper *helper);

#endif
