/*
 * What a running agent cannot take up: namespace, history, state_dir, state_size, sync, run_dir and
 * collector.proc stay as they are until a restart.
 *
 * Errors: -1, told by fault_write. Threads: any.
 */
#ifndef AGENT_CONFIG_FIXED_H
#define AGENT_CONFIG_FIXED_H

#include "agent/config/config.h"

/*
 * Whether a finished configuration can take the place of the one that is in force: -1 where one of
 * these was changed, one line for each. What was not given and comes out otherwise now (a
 * namespace after a host name that was changed, a state_size after the history) is taken from the
 * one in force. A history given as a duration is the same if the duration is, whatever the
 * interval.
 */
int config_fixed(struct config *next, const struct config *current);

#endif
