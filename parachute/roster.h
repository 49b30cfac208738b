/*
 * The roster: the watched disks in the options' order, and room for what is told of all of them.
 *
 * Errors: -1 where memory is short. Threads: the loop's thread only. Lifetimes: the disks are
 * copied, their mount points and names too.
 */
#ifndef PARACHUTE_ROSTER_H
#define PARACHUTE_ROSTER_H

#include "base/series.h"
#include "parachute/keep/record.h"
#include "parachute/parachute.h"
#include "parachute/watched.h"

#include <stddef.h>
#include <stdint.h>

/* All zero: empty, without any room. */
struct roster {
    size_t count;
    struct watched *disks;

    /* For the actor, made anew each time; room for all disks. */
    const char **names; /* these once and for all */
    char *activated_names;
    struct record_disk *remembered;
    int64_t *since_s; /* 0: not activated */
};

/* To be closed in any case. */
int roster_open(struct roster *roster, const struct parachute_disk *disks, size_t count,
                struct series_table *series);
void roster_close(struct roster *roster, struct series_table *series);

/* The disk with that mount point; `count`: there is none. */
size_t roster_find(const struct roster *roster, const char *mount);

/* How many of its disks are activated. */
size_t roster_activated(const struct roster *roster);

/* Fills `activated_names`, separated by spaces, and `since_s`. */
void roster_tell(struct roster *roster);

#endif
