/*
 * What both forms of an operator's status say, in words.
 *
 * Errors: none. Threads: any.
 */
#ifndef AGENT_CONTROL_WORDS_H
#define AGENT_CONTROL_WORDS_H

#include "parachute/operate.h"

#include <stdint.h>

#define CONTROL_WORDS_MAX 96

/* "ok", "activated", "held off", "blind", "not mounted", "never seen": the first of them that
 * matters. */
const char *control_disk_state(const struct operate_disk *disk);

/* "none", "waiting", "running", "finished", "failed" */
const char *control_run_state(const struct plan_run *run);

/* "on_activate", "on_release": the command's key. */
const char *control_command_name(enum plan_event event);

/* How an attempt ended: "exit status 1", "ended by signal 9 (Killed)". */
void control_status(int status, char text[CONTROL_WORDS_MAX]);

/* A wall clock second as "2026-11-21 15:54:53 UTC"; "-" where it is not known. */
void control_time(int64_t time_s, char text[CONTROL_WORDS_MAX]);

/* How long ago that was, roughly: "3 min". "0 s" where it is still to come. */
void control_age(int64_t time_s, int64_t now_s, char text[CONTROL_WORDS_MAX]);

/* A length of time in seconds: "60 s", "0.5 s". */
void control_seconds(int64_t time_ms, char text[CONTROL_WORDS_MAX]);

#endif
