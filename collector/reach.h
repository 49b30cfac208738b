/*
 * Which mounts of a table a path can reach. Mounts form a tree by their parents' ids; one is out
 * of reach where a later one with the same parent covers a folder above its mount point, and with
 * it all that is mounted in it.
 *
 *      A  /mnt/a      parent 1      out of reach: C lies over /mnt
 *      B  /mnt/a/b    parent A      out of reach with A
 *      C  /mnt        parent 1
 *
 * Errors: -1 where memory is short. Threads: any, nothing is shared.
 */
#ifndef COLLECTOR_REACH_H
#define COLLECTOR_REACH_H

struct mounts;

/* Takes out of the table what cannot be reached, and all but the topmost on one mount point. */
int reach_keep(struct mounts *mounts);

#endif
