#include "emitter/push/outage.h"

void outage_fail(struct outage *outage, const char *name, const struct address_peer *peer,
                 const char *what, const char *why)
{
    log_complain(&outage->trouble, LOG_LEVEL_WARNING,
                 "graphite %s: %s %s port %u: %s; trying again, the ring keeps what it is owed",
                 name, what, peer->host, (unsigned)peer->port, why);
}

void outage_lose(struct outage *outage, const char *name)
{
    log_complain(&outage->trouble, LOG_LEVEL_WARNING,
                 "graphite %s: the ring overwrites what it is owed before it gets it", name);
}

void outage_end(struct outage *outage, const char *name, const struct loss *loss)
{
    char lost[LOSS_TEXT_BYTES];

    loss_text(loss, lost);
    log_relieve(&outage->trouble, "graphite %s: up to date again, meanwhile %s", name, lost);
    if (loss->snapshots > 0)
        outage->last_loss = *loss;
}
