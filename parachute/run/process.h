/*
 * A process told from any other that had or will have its number: by the time of its start, and by
 * the boot that this is counted from.
 *
 * Errors: a process that is not known is all zero. Threads: any; safe after a fork, where glibc's
 * malloc is too.
 */
#ifndef PARACHUTE_PROCESS_H
#define PARACHUTE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    uint64_t start; /* clock ticks since the boot: field 22 of /proc/PID/stat, proc(5) */
    uint64_t boot;  /* a hash of /proc/sys/kernel/random/boot_id; 0: not known, any will do */
};

/* What runs as `pid` now. A zombie is none. */
struct process process_of(pid_t pid);

/* Whether it has surely ended: there is no such number, or it is a zombie's, or another process's.
 * One that cannot be looked at has not: descriptors are short, or /proc is hidden. One without a
 * number has. */
bool process_gone(const struct process *process);

/* A descriptor that is readable when this very process has ended; to be closed. -1 with errno,
 * which is ESRCH exactly where it is surely gone. */
int process_open(const struct process *process);

/* Whether a process of the group runs; zombies do not. Where nobody can say, one does. */
bool process_group_lives(pid_t group);

#endif
