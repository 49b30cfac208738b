/*
 * The calls on one mount point, and the seam where a test links a fake.
 *
 * They may hang for minutes in a dead file system. So statfs_read is called in a helper process
 * only, between fork and exec as it were; statfs_try, of which nobody waits for a device, is
 * called by the agent itself. Both are async-signal-safe, nothing is allocated, nothing is logged.
 *
 * Errors: in the result. Threads: none there.
 */
#ifndef COLLECTOR_STATFS_H
#define COLLECTOR_STATFS_H

#include <stdbool.h>
#include <stdint.h>

enum statfs_outcome {
    STATFS_OK,
    STATFS_FAILED,        /* `error` is the errno value */
    STATFS_NOT_DIRECTORY, /* it is a mount on a file */
    STATFS_OTHER_MOUNT,   /* at that path stands another mount, or nothing */
};

/* Each number is at most SNAPSHOT_VALUE_MAX; total 0 is a file system without a device. */
struct statfs_result {
    enum statfs_outcome outcome;
    int error;
    uint64_t total_bytes; /* f_blocks */
    uint64_t used_bytes;  /* f_blocks - f_bfree */
    uint64_t free_bytes;  /* f_bavail */
    uint64_t inodes_used; /* f_files - f_ffree */
    uint64_t inodes_free; /* f_favail; both 0 where the file system reports none */
};

/* Reads the mount point `path`, of any length, on which the mount `mount_id` must stand. Needs
 * Linux 5.8, which tells a file's mount. */
void statfs_read(const char *path, uint64_t mount_id, struct statfs_result *result);

/*
 * The same, for a mount that mounts.h calls resident, without waiting. False: it takes statfs_read
 * to know, as where the path is not in the kernel's caches, or the kernel (before Linux 5.12) or a
 * filter of system calls does not let us ask so; `result` is then worth nothing. `trusted`: the
 * root is not asked which mount it is, which saves half of its time; for others that is no news.
 */
bool statfs_try(const char *path, uint64_t mount_id, bool trusted, struct statfs_result *result);

/* Fills in the numbers of bytes and inodes, whatever nonsense a file system tells. */
struct statvfs;
void statfs_count(const struct statvfs *fs, struct statfs_result *result);

#endif
