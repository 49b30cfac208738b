/*
 * The actor from within. Private to actor.c and actor_orders.c.
 */
#ifndef PARACHUTE_ACTOR_PARTS_H
#define PARACHUTE_ACTOR_PARTS_H

#include "base/log.h"
#include "parachute/act/actor.h"
#include "parachute/act/leftover.h"
#include "parachute/keep/marker.h"
#include "parachute/keep/recall.h"
#include "parachute/waits.h"

struct actor {
    struct actor_options options;
    struct plan_rules rules;
    struct waits *waits;
    struct recall *recall; /* NULL: nothing is remembered */
    struct marker *marker; /* NULL: nothing is marked */
    struct attempt *attempt;
    struct leftover leftover;
    struct wait next; /* the next attempt, when it is due */
    void (*loaded)(void *arg, const struct record *record);
    void *arg;
    struct record record;
    bool unwritten; /* it differs from what the recall was given */
    struct log_complaint unbegun;
    const char *disks; /* see actor_news; NULL: nothing is known yet, and nothing is begun */
};

/* Takes the options, and the plan's rules from them. */
void actor_take_options(struct actor *actor, const struct actor_options *options);

/* Whether something runs. */
bool actor_busy(const struct actor *actor);

/* Starts what is due; writes what is new. What a start makes new is written with its pids. */
void actor_advance(void *actor);

#endif
