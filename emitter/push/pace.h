/*
 * How fast old lines go out, so that what comes back after an outage does not fall at once: a
 * bucket that fills with `rate` lines a second and holds 50 ms worth.
 *
 * Old snapshots wait until the bucket is not in debt. So one always gets through, however large it
 * is, and is paid for afterwards. Live ones never wait. They are charged too, so that all together
 * stay below the rate, but bring no more than half a second of debt: where the live ones alone
 * exceed the rate, old ones still follow.
 *
 * It outlives connections: a peer that comes and goes gets no more than one that stays.
 *
 * Errors: none. Threads: any, nothing is shared. Times are monotonic.
 */
#ifndef EMITTER_PACE_H
#define EMITTER_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero but `rate`: a full bucket. */
struct pace {
    unsigned rate;   /* lines a second; 0: unlimited */
    int64_t paid_ns; /* when all that went out is paid for; past: there is credit */
};

/* These lines go out. */
void pace_charge_live(struct pace *pace, size_t lines, int64_t now_ns);
void pace_charge_old(struct pace *pace, size_t lines, int64_t now_ns);

/* Another rate from now on; lines that are not paid for yet cost what the new one says. */
void pace_set_rate(struct pace *pace, unsigned rate, int64_t now_ns);

/* 0: old lines may go out. Else how long to wait until it is worth while to come again. */
int64_t pace_wait_ns(const struct pace *pace, int64_t now_ns);

#endif
