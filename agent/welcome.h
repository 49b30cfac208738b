/*
 * What the agent says when its doors are open: what to type to look through them.
 *
 * Errors: none. Threads: the loop's thread only.
 */
#ifndef AGENT_WELCOME_H
#define AGENT_WELCOME_H

#include "agent/config/config.h"

void welcome_say(const struct config *config);

#endif
