/*
 * An operator's `status`, for people: lines of an answer.
 *
 * Errors: those of base/bytes.h. Threads: the loop's thread only.
 */
#ifndef AGENT_CONTROL_TEXT_H
#define AGENT_CONTROL_TEXT_H

#include "base/bytes.h"
#include "parachute/operate.h"

void control_text(struct bytes *answer, const struct parachute *parachute);

/* The node alone, in one line. */
void control_text_node(struct bytes *answer, const struct parachute *parachute);

#endif
