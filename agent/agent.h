/*
 * The running agent: at each slot it looks, judges, and appends to the ring; the doors do the rest.
 *
 * Errors: logged where they are found; the result is the process's exit status. Threads: the
 * caller's becomes the loop's thread until the end.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/config/config.h"

/* Runs until SIGTERM, SIGINT, or its terminal closes: 0. 1 where it cannot start: a port in use, no
 * memory. The configuration, which is taken over, is read again at SIGHUP, from the same command
 * line. */
int agent_run(struct config *config, int argc, char **argv);

/* One snapshot of the present second, its lines on stdout: 0. 1 where that fails. */
int agent_once(const struct config *config);

#endif
