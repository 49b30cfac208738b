/*
 * What the log says of a run: "parachute: NAME: ...".
 *
 * Errors: none, all is cut to what a line holds. Threads: the loop's thread only.
 */
#ifndef PARACHUTE_RUN_LOG_H
#define PARACHUTE_RUN_LOG_H

#include "parachute/run/supervisor.h"

#include <stdint.h>

#define RUN_LOG_COMMAND_MAX 400

/* The order's command with its arguments, as text of at most RUN_LOG_COMMAND_MAX bytes. */
void run_log_describe(const struct order *order, char *text);

void run_log_started(const char *name, const char *command, pid_t pid);
void run_log_line(const char *name, const char *text, size_t len);

/* Its supervisor was killed before it; its timeout, if any, goes on. */
void run_log_orphaned(const char *name, pid_t pid, unsigned timeout_ms);

struct run_log_end {
    int status; /* as plan_ended takes it */
    const char *why;
    int64_t took_ns;
    unsigned timeout_ms;
    uint64_t unshown_lines;
    uint64_t unshown_bytes;
};

void run_log_ended(const char *name, const struct run_log_end *end);

#endif
