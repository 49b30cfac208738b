#include "emitter/push/outage.h"

#include "base/clock.h"

#define AS_AT_FIRST_NS (30 * CLOCK_NS_PER_S) /* is doubled before it is used */

void outage_fail(struct outage *outage, const char *name, const struct address_peer *peer,
                 const char *what, const char *why)
{
    log_complain(&outage->trouble, LOG_LEVEL_WARNING,
                 "graphite %s: %s %s port %u: %s; trying again, the ring keeps what it is owed",
                 name, what, peer->host, (unsigned)peer->port, why);
}

/* The trouble is not forgotten: that it ends is still to be said. */
void outage_renew(struct outage *outage)
{
    outage->trouble.next_ns = 0;
    if (outage->trouble.wait_ns > AS_AT_FIRST_NS)
        outage->trouble.wait_ns = AS_AT_FIRST_NS;
}

void outage_lose(struct outage *outage, const char *name)
{
    log_complain(&outage->trouble, LOG_LEVEL_WARNING,
                 "graphite %s: the ring overwrites what it is owed before it gets it", name);
}

void outage_end(struct outage *outage, const char *name, const struct loss *loss)
{
    char lost[LOSS_TEXT_BYTES];

    if (outage->trouble.wait_ns != 0) { /* else no text is made, this is asked at each tick */
        loss_text(loss, lost);
        log_relieve(&outage->trouble, "graphite %s: up to date again, meanwhile %s", name, lost);
    }
    if (loss->snapshots > 0)
        outage->last_loss = *loss;
}
