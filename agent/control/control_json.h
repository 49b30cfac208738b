/*
 * An operator's `status`, for programs: the JSON object of agent/control/control.h.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only.
 */
#ifndef AGENT_CONTROL_JSON_H
#define AGENT_CONTROL_JSON_H

#include "parachute/operate.h"

/* Indented, ASCII; to be freed. */
char *control_json(const struct parachute *parachute);

#endif
