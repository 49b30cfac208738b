/*
 * libstatgrab's door, and the seam where a test links a fake: load and host facts. What libstatgrab
 * says of CPUs, memory and file systems is not right on Linux; those are read from /proc.
 *
 * Errors: -1, nothing is logged here. Threads: one, libstatgrab keeps its state per thread.
 */
#ifndef COLLECTOR_HOST_H
#define COLLECTOR_HOST_H

#include <stddef.h>

int host_open(void);
void host_close(void);

/* The average load over 1, 5 and 15 minutes. -1 as well where a number is no load: negative, nan,
 * inf. */
int host_load(double load[3]);

/* The machine's host name, cut at `size`. */
int host_name(char *name, size_t size);

/* libstatgrab's version when we were built: there is no call for the one that runs with us. */
const char *host_built_version(void);

#endif
