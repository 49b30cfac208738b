#include "emitter/push/target_inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "emitter/push/delivery.h"
#include "emitter/push/session.h"

#include <event2/event.h>
#include <inttypes.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_peer(const struct target_options *a, const struct target_options *b)
{
    return strcmp(a->peer.host, b->peer.host) == 0 && a->peer.port == b->peer.port &&
           a->tls == b->tls && same_text(a->tls_ca, b->tls_ca) &&
           same_text(a->tls_cert, b->tls_cert) && same_text(a->tls_key, b->tls_key);
}

static void move(struct target *target)
{
    log_write(LOG_LEVEL_INFO, "graphite %s: goes to %s port %u%s now", target->name,
              target->options.peer.host, (unsigned)target->options.peer.port,
              target->options.tls ? " with TLS" : "");
    event_del(target->retry);
    outage_renew(&target->outage);
    target_renew(target);
}

void target_adapt(struct target *target, const struct target_options *options)
{
    bool moves = !same_peer(&target->options, options);

    target->options = *options;
    delivery_adapt(target->delivery,
                   &(struct delivery_options){.settle_ms = options->settle_ms,
                                              .replay_rate = options->replay_rate},
                   clock_mono_ns());
    if (moves)
        move(target);
    else if (target->session)
        target_push(target); /* what waits, waited at the old rate */
}

void target_forget(struct target *target)
{
    if (target->session)
        session_ask(target->session);
    struct delivery_counts counts = delivery_counts(target->delivery);

    log_write(LOG_LEVEL_INFO,
              "graphite %s: is no target any more, %" PRIu64 " snapshots are undelivered",
              target->name, counts.owed + counts.under_way);
    target_free(target);
}
