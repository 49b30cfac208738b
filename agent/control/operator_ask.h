/*
 * A request to a running agent, and its answer printed: the client's side of
 * agent/control/control.h.
 *
 * Errors: one line on stderr, and 1. Threads: one.
 */
#ifndef AGENT_OPERATOR_ASK_H
#define AGENT_OPERATOR_ASK_H

#include <stdbool.h>

#define OPERATOR_PATIENCE_S 5 /* with an agent that says nothing */

/*
 * Sends the line, which ends with a newline, and prints the answer as it comes; gives the status
 * that it ends with. Where it is `patient` the rest of an answer that has begun may take as long as
 * it likes, as a command that is run does.
 */
int operator_ask(const char *run_dir, const char *request, bool patient);

#endif
