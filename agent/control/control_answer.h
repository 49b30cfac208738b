/*
 * One request of an operator, see agent/control/control.h: read, allowed or refused, and answered.
 *
 * Errors: those of base/bytes.h. Threads: the loop's thread only.
 */
#ifndef AGENT_CONTROL_ANSWER_H
#define AGENT_CONTROL_ANSWER_H

#include "base/bytes.h"
#include "parachute/operate.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Who asks, as the kernel says. */
struct control_peer {
    pid_t pid;
    uid_t uid;
    bool may; /* he may change something: root, or the agent's own user */
};

/*
 * Answers the request, whose `line` is taken apart. Gives the index of the disk whose on_activate
 * is to be run for it, its end the end of the answer; operate_disks() where the answer is whole.
 */
size_t control_answer(struct bytes *answer, struct parachute *parachute, char *line,
                      const struct control_peer *peer);

#endif
