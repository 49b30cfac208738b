/*
 * What a command's process does between its fork and its exec.
 *
 * Errors: a text in the pipe `fault`, exit status 127. Threads: none; only calls that are safe
 * after a fork of a process with threads.
 */
#ifndef PARACHUTE_EXEC_H
#define PARACHUTE_EXEC_H

#include "parachute/order.h"

/* Begins a session, waits for a byte from the pipe `gate`, and becomes the command, whose stdout
 * and stderr is `output`. The end of the pipe instead of a byte: it exits. */
_Noreturn void exec_wait(const struct order *order, int gate, int output, int fault);

#endif
