/*
 * What one look at one disk gave. The collector makes it, the parachute judges it; neither knows
 * the other. A plain value, nothing in it is owned.
 */
#ifndef BASE_READING_H
#define BASE_READING_H

#include <stdint.h>

enum reading_state {
    READING_UNKNOWN, /* the mount table cannot be read: nobody knows whether it stands */
    READING_ABSENT,  /* no such mount stands */
    READING_FAILED,  /* it stands and could not be read, or did not answer in time */
    READING_OK,
};

struct reading {
    enum reading_state state;
    int error;            /* FAILED: the errno value; ETIMEDOUT: hangs, EBUSY: not asked */
    uint64_t total_bytes; /* OK: f_blocks */
    uint64_t used_bytes;  /* OK: f_blocks - f_bfree */
    uint64_t free_bytes;  /* OK: f_bavail, without what is reserved for root */
    uint64_t inodes_used; /* OK: f_files - f_ffree */
    uint64_t inodes_free; /* OK: f_favail; both 0 where the file system reports none */
};

/* Why there is nothing to judge, in words for the log; not for READING_OK. */
const char *reading_reason(const struct reading *reading);

#endif
