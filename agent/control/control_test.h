/*
 * An operator's `test DISK`: what is decided of the disk, and what would be run, as lines of an
 * answer.
 *
 * Errors: those of base/bytes.h. Threads: the loop's thread only.
 */
#ifndef AGENT_CONTROL_TEST_H
#define AGENT_CONTROL_TEST_H

#include "base/bytes.h"
#include "parachute/operate.h"

#include <stddef.h>

/* The rules, and what they make of the disk as it was last read. */
void control_test_decision(struct bytes *answer, const struct parachute *parachute, size_t index);

/* The command as a shell takes it, and its environment, one variable a line. */
void control_test_command(struct bytes *answer, const struct parachute *parachute, size_t index,
                          enum plan_event event);

#endif
