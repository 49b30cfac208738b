/*
 * The mount table: from the text of mountinfo and of filesystems to the mounts that can be seen.
 *
 * Left out is what a path cannot reach: of several mounts on one mount point all but the topmost,
 * and a mount that a later one covers together with the folder that it stands in.
 *
 * Errors: -1; a line that is torn or malformed makes the whole table unreadable, nothing is
 * guessed. Threads: any, nothing is shared. Lifetimes: the mounts borrow nothing of the texts.
 */
#ifndef COLLECTOR_MOUNTS_H
#define COLLECTOR_MOUNTS_H

#include "collector/fstypes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount {
    uint64_t id;
    uint64_t parent;
    uint64_t device;   /* major << 32 | minor */
    const char *point; /* the mount point; raw bytes, octal escapes decoded */
    size_t point_len;
    enum fstype type;
    bool resident; /* its numbers lie in memory, see fstypes_resident */
};

/* In mount order. All zero: empty. */
struct mounts {
    struct mount *list;
    size_t count;
    char *points; /* the bytes of all mount points */
};

/* Fills `mounts`, which must be empty. */
int mounts_parse(struct mounts *mounts, const char *text, size_t len,
                 const struct fstypes *fstypes);
void mounts_clean(struct mounts *mounts);

#endif
