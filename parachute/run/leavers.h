/*
 * Leavers: helpers that have nothing more to say. Each is looked after until its process is gone,
 * so that none stays as a zombie; one that hangs on a bad disk may take for ever, and is not waited
 * for.
 *
 * Errors: none. Threads: the loop's thread only; nothing blocks.
 */
#ifndef PARACHUTE_LEAVERS_H
#define PARACHUTE_LEAVERS_H

#include "base/helper.h"
#include "parachute/waits.h"

/* From malloc. */
struct leaver {
    struct helper helper;
    struct leaver *next;
};

struct leavers {
    struct waits *waits;
    struct wait wait;
    int64_t wait_ns; /* until the next look; doubles */
    struct leaver *first;
};

/* It must stay where it is. */
void leavers_open(struct leavers *leavers, struct waits *waits);

/* Forgets all; they are init's to reap once the agent ends. */
void leavers_close(struct leavers *leavers);

/* Leaves the helper (helper_leave); the struct is the leavers' then. */
void leavers_take(struct leavers *leavers, struct leaver *leaver);

#endif
