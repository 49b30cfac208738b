/*
 * The body of /healthz: the agent's state as JSON. jansson's one file in the emitter.
 *
 *   {"status": "ok", "version": "0.1.0", "start_time_s": 1594380700, "uptime_s": 20,
 *    "newest": {"timestamp_s": 1594380720, "age_s": 0},
 *    "ring": {"snapshots": 3, "capacity": 360, "bytes": 8192,
 *             "file": {"state": "ok", "error": null, "behind": 0, "size_bytes": 184320}},
 *    "http": {"clients": 1}, "lines": {"clients": 0},
 *    "configuration": {"reloads": 2, "refused": 1, "last_s": 1594380710, "error": null},
 *    "targets": [{"name": "graphite:2003", "state": "up", "error": null, "sent": 3, "owed": 0,
 *                 "lost": 0, "lost_from_s": null, "lost_to_s": null, "reconnects": 0,
 *                 "acked_age_ms": 40}]}
 *
 * "configuration" is how often it was read again and taken, how often it was not since something
 * was wrong, when the last one of either kind was (null: there was none), and, where that one was
 * refused, why.
 *
 * Errors: NULL where memory is short. Threads: any, nothing is kept.
 */
#ifndef EMITTER_STATUS_H
#define EMITTER_STATUS_H

#include "emitter/push/target.h"
#include "emitter/ring/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct status {
    bool healthy; /* "ok" or "stale" */
    const char *version;
    int64_t start_time_s; /* since the Unix epoch */
    int64_t uptime_s;
    int64_t newest_timestamp_s;
    int64_t newest_age_s;
    uint64_t ring_snapshots;
    size_t ring_capacity;
    size_t ring_bytes;
    const struct store_status *file; /* NULL: the ring is in memory only, "file" is null */
    size_t http_clients;
    size_t lines_clients;
    uint64_t reloads; /* of the configuration, */
    uint64_t reloads_refused;
    int64_t reload_last_s;               /* 0: there was none */
    const char *reload_error;            /* NULL: none. What is no UTF-8 comes out as '?' */
    const struct target_status *targets; /* what is no UTF-8 in a name or error comes out as '?' */
    size_t target_count;
};

/* JSON text to be freed; only status and version where `whole` is false. */
char *status_text(const struct status *status, bool whole);

#endif
