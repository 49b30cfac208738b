/*
 * The agent's side of a scribe: starts it, hears it on the loop, and lets it go.
 *
 * Errors: -1 with errno. Threads: the loop's thread only.
 */
#ifndef EMITTER_SCRIBE_LINK_H
#define EMITTER_SCRIBE_LINK_H

#include "base/helper.h"
#include "emitter/ring/scribe.h"

#include <stdbool.h>

struct event;
struct event_base;

/* `message` is the link's, NULL where the scribe has ended. The callee may end the link. */
typedef void scribe_link_cb(void *arg, const struct scribe_message *message);

/* All zero: none. */
struct scribe_link {
    struct helper helper;
    struct event *readable; /* NULL: there is no scribe */
    scribe_link_cb *heard;
    void *arg;
    struct scribe_message message; /* heard, or to be sent */
};

/* The options are borrowed during the call. */
int scribe_link_start(struct scribe_link *link, struct event_base *base,
                      struct scribe_options *options, scribe_link_cb *heard, void *arg);

/* Sends the link's message. A scribe that is gone is heard of. */
void scribe_link_send(struct scribe_link *link);

/* Ends the scribe, unless it hangs, without waiting. */
void scribe_link_end(struct scribe_link *link);

/* Lets it finish what it has in hand. */
void scribe_link_leave(struct scribe_link *link);

/* After one of the two: whether the process is gone. */
bool scribe_link_reap(struct scribe_link *link);

#endif
