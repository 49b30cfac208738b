/*
 * The operator's way into a running agent: the unix socket `run_dir`/control, and what is answered
 * there. A request is one line of at most 4 KiB, its words separated by tabs:
 *
 *      status [json]
 *      reset [DISK] [force]          an empty DISK: all
 *      test DISK [run]
 *
 * The answer is lines: "out TEXT" and "err TEXT" to be printed, and as the last one
 * "exit STATUS", what the client ends with. `status` is for everybody whom the socket lets in (its
 * mode is 0660); `reset` and `test DISK run` are for root and the agent's own user only, as the
 * kernel tells them apart (SO_PEERCRED, unix(7)). DISK is a disk's name or its mount point.
 *
 * `status json` is one object; a time is in seconds since the Unix epoch; null: not known, or none:
 *
 *      activated, since_s     the node, and since when it is, or is not
 *      disks[]                name, mount
 *          state              "ok", "activated", "held off", "blind", "not mounted", "never seen"
 *          activated, held_off, latched      true or false
 *          since_s            when it was activated or released
 *          error              why it cannot be read, a text
 *          used_percent, total_bytes, used_bytes, free_bytes
 *          threshold_percent, release_percent
 *      on_activate, on_release     null: not configured
 *          argv[]
 *          state              "none", "waiting", "running", "finished", "failed"
 *          since_s            when it became that
 *          pid                of the one that is running
 *          attempts, attempts_max, due_s     begun so far; at most; when the next one is due
 *          status, result     how the last attempt ended, as plan_ended has it, and in words
 *          again              true: it is to be run once more after this
 *
 * Of 16 clients at once, 4 places are kept for those who may change something. A client that has
 * not made its request after 10 s, takes nothing of its answer for 10 s, or lets 64 KiB of a
 * command's output wait is closed.
 *
 * Errors: NULL, logged. Threads: the loop's thread only.
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#define CONTROL_SOCKET "control" /* in run_dir */
#define CONTROL_REQUEST_MAX 4096 /* bytes, with the newline */

struct control;
struct event_base;
struct parachute;

/* `run_dir` is made where only its last part is missing; a socket that a dead agent left there is
 * replaced. */
struct control *control_new(struct event_base *base, struct parachute *parachute,
                            const char *run_dir);

/* Removes the socket. Clients that wait for a command's end are told that the agent stops. */
void control_free(struct control *control);

#endif
