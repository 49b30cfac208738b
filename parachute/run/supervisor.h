/*
 * The supervisor: a helper process that runs one command, and outlives the agent: it goes on
 * reading what the command prints, keeps its timeout, and writes down how it ended.
 *
 *      agent                    supervisor                  command
 *        |--- fork ---------------->|--- fork ------------------>| waits at the gate
 *        |<-- STARTED, pids --------|                            |
 *        | (writes them down)       |                            |
 *        |--- one byte: go -------->|--- opens the gate -------->| exec
 *        |<-- LINE ... -------------|<-- stdout, stderr ---------|
 *        |<-- ENDED ----------------|<-- exit -------------------|
 *                                   | writes the end into the state's file, exits
 *
 * An agent that is gone before it said go: the command is not run. One that is gone later: all
 * goes on. One that does not read gets its lines later; the end is written meanwhile, and it hears
 * of it once it reads. Over its timeout the command's process group gets TERM, and KILL 5 s later.
 * A child that the command leaves behind in the background is left alone when it ends by itself,
 * but what that still prints goes nowhere.
 *
 * Where no process can be started there is no STARTED, but an ENDED. The end of a run that did not
 * come through the gate is not written down.
 *
 * The command: no shell, own session and process group, stdin /dev/null, no other descriptor than
 * 0, 1, 2, directory /, umask 022, default signals, the order's environment. The file is checked
 * again, and what was checked is what runs. Only calls that are safe after a fork of a process with
 * threads are made, in both.
 *
 * Errors: those of the command are in ENDED. Threads: the supervisor is a process of its own.
 */
#ifndef PARACHUTE_SUPERVISOR_H
#define PARACHUTE_SUPERVISOR_H

#include "parachute/order.h"
#include "parachute/run/process.h"

#include <stdint.h>
#include <sys/types.h>

#define SUPERVISOR_LINE_MAX 900  /* bytes of a line that are shown */
#define SUPERVISOR_LINES_MAX 200 /* lines of a run that are shown */
#define SUPERVISOR_KILL_AFTER_MS 5000

enum supervisor_kind { SUPERVISOR_STARTED, SUPERVISOR_LINE, SUPERVISOR_ENDED };

/* One message of the socket; `text` is cut to what it holds, without a NUL. */
struct supervisor_message {
    enum supervisor_kind kind;
    struct process command;    /* STARTED */
    struct process supervisor; /* STARTED */
    int status;                /* ENDED: as plan_ended takes it */
    uint64_t unshown_lines;    /* ENDED: printed beyond what was sent */
    uint64_t unshown_bytes;
    size_t len;
    char text[SUPERVISOR_LINE_MAX]; /* LINE; ENDED: why */
};

/* What to run, and where to write the end. Borrowed until the fork. */
struct supervisor_work {
    const struct order *order;
    const char *state_dir; /* NULL: nowhere */
    uint64_t number;       /* of the run, and of its attempt, for the end that is written */
    unsigned attempt;
};

/* As the work of base/helper.h, with a struct supervisor_work. */
void supervisor_serve(void *work, pid_t agent);

#endif
