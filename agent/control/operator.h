/*
 * `altimeter parachute …`: the operator's side of agent/control/control.h.
 *
 *      altimeter parachute status [--json]
 *      altimeter parachute reset [DISK] [--force]
 *      altimeter parachute test DISK [--run]
 *
 * Each takes --run-dir DIR or --config FILE, to say where the agent's run_dir is; without, it is
 * OPERATOR_RUN_DIR.
 *
 * Errors: one line on stderr that says what to do. Exit status 0; 1 where it was refused, or no
 * agent answers; 2 for a command line that is wrong. `test --run` gives the command's own success
 * (0) or failure (1). Threads: one.
 */
#ifndef AGENT_OPERATOR_H
#define AGENT_OPERATOR_H

#define OPERATOR_RUN_DIR "/run/altimeter"

/* `argv[0]` is "parachute". The exit status. */
int operator_run(int argc, char **argv);

#endif
