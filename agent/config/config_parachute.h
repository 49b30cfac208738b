/*
 * config_finish for the parachute: when it releases, and its commands.
 *
 * Errors: -1, one line was written. Threads: one.
 */
#ifndef AGENT_CONFIG_PARACHUTE_H
#define AGENT_CONFIG_PARACHUTE_H

#include "agent/config/config.h"

/* Once all disks are in their list. */
int config_parachute_finish(struct config *config);

#endif
