/*
 * Who holds the lock of a directory, so far as /proc/locks and /proc/PID (proc(5)) tell.
 *
 * Errors: what cannot be read is not known. Threads: any.
 */
#ifndef EMITTER_HOLDER_H
#define EMITTER_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

/* The process that has the directory locked by flock(2); 0: none shows. */
pid_t holder_find(int dir);

/* The agent whose helper `process` is: a parent that runs the same program as `own_agent`. 0: there
 * is none, it was left behind. */
pid_t holder_agent(pid_t process, pid_t own_agent);

#endif
