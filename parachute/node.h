/*
 * The node: the watched disks together, as parachute.h and operate.h see them. Private to the two.
 */
#ifndef PARACHUTE_NODE_H
#define PARACHUTE_NODE_H

#include "parachute/act/actor.h"
#include "parachute/parachute.h"
#include "parachute/watched.h"

struct parachute {
    struct parachute_options options;
    struct series_table *series;
    struct actor *actor; /* NULL: it only judges */
    bool loaded;         /* what is remembered is taken up: the actor may be told */
    void (*ready)(void *arg);
    void *arg;
    size_t activated_count; /* of the disks */
    size_t tipped;          /* the disk that turned the node last; `count`: it is not known */

    /* For the actor, made anew each time; room for all disks. */
    const char **names;
    char *activated_names;
    struct record_disk *remembered;
    int64_t *since_s;

    uint32_t error; /* series */
    uint32_t activated;
    size_t count;
    struct watched disks[];
};

/* Takes a verdict of the disk; where that turns the node, it has tipped it. */
void node_take(struct parachute *parachute, size_t index, const struct verdict *verdict);

/* Tells the actor how things stand. */
void node_tell(struct parachute *parachute);

/* The names of the activated disks, separated by spaces; borrowed until the next call. */
const char *node_activated(struct parachute *parachute);

/* The disk as it was last read, for a command's environment. */
struct order_disk node_order_disk(const struct parachute *parachute, size_t index);

#endif
