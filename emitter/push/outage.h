/*
 * What is said of a target's outages: that one began, ever more rarely that it lasts, and when it
 * ends what was lost meanwhile. An outage is whatever keeps from a target what it is owed.
 *
 * Errors: none. Threads: the loop's thread only.
 */
#ifndef EMITTER_OUTAGE_H
#define EMITTER_OUTAGE_H

#include "base/address.h"
#include "base/log.h"
#include "emitter/push/loss.h"

/* All zero: none, ever. */
struct outage {
    struct log_complaint trouble;
    struct loss last_loss; /* of the last one that cost some */
};

/* `what` (such as "cannot connect to") the peer went wrong, and why. */
void outage_fail(struct outage *outage, const char *name, const struct address_peer *peer,
                 const char *what, const char *why);

/* It has another peer: if that one is no good either, that is news. */
void outage_renew(struct outage *outage);

/* Some of what it is owed is lost. */
void outage_lose(struct outage *outage, const char *name);

/* Nothing is owed any more; `loss` is what was lost since this was said last. */
void outage_end(struct outage *outage, const char *name, const struct loss *loss);

#endif
