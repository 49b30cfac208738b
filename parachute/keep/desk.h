/*
 * A clerk's desk: its side in the helper, and what goes over the socket, one message for each job
 * and one for each answer. What the agent gave is done also where the agent is gone.
 *
 * Errors: told in messages; where that fails the process ends. Threads: it is a process.
 */
#ifndef PARACHUTE_DESK_H
#define PARACHUTE_DESK_H

#include "parachute/keep/clerk.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Both ways. The bytes are the job's, or the answer's. */
struct desk_message {
    int64_t number; /* of the job; 0: of the opening */
    int64_t error;  /* of an answer: 0 or errno */
    uint8_t bytes[];
};

#define DESK_MESSAGE (sizeof(struct desk_message) + CLERK_MESSAGE_MAX)

/* The work of base/helper.h. Takes struct clerk_work. */
void desk_serve(void *work, pid_t agent);

#endif
