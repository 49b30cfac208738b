/*
 * The node: the watched disks together, as parachute.h and operate.h see them. Private to the two.
 */
#ifndef PARACHUTE_NODE_H
#define PARACHUTE_NODE_H

#include "parachute/act/actor.h"
#include "parachute/parachute.h"
#include "parachute/roster.h"

struct parachute {
    struct parachute_options options;
    struct series_table *series;
    struct actor *actor; /* NULL: it only judges */
    bool loaded;         /* what is remembered is taken up: the actor may be told */
    void (*ready)(void *arg);
    void *arg;
    size_t activated_count; /* of the disks */
    size_t tipped;          /* the disk that turned the node last; their count: it is not known */
    uint32_t error;         /* series */
    uint32_t activated;
    struct roster roster;
};

/* What the actor has to know of the options, and of the roster that was made of them. */
struct actor_options node_acting(const struct parachute_options *options,
                                 const struct roster *roster);

/* Takes a verdict of the disk; where that turns the node, it has tipped it. */
void node_take(struct parachute *parachute, size_t index, const struct verdict *verdict);

/* Tells the actor how things stand. */
void node_tell(struct parachute *parachute);

/* The disk as it was last read, for a command's environment. */
struct order_disk node_order_disk(const struct parachute *parachute, size_t index);

#endif
