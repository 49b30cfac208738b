#include "collector/statfs.h"

#include "base/snapshot.h"
#include "collector/decimal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* So many blocks as bytes; inodes are counted with 1. */
static uint64_t size(uint64_t units, uint64_t unit_bytes)
{
    uint64_t product = decimal_multiply(units, unit_bytes);

    return product < (uint64_t)SNAPSHOT_VALUE_MAX ? product : (uint64_t)SNAPSHOT_VALUE_MAX;
}

static uint64_t used(uint64_t all, uint64_t unused)
{
    return all > unused ? all - unused : 0;
}

/* What is there for those who are not root; some file systems let it fall below zero. */
static uint64_t available(uint64_t units)
{
    return (int64_t)units < 0 ? 0 : units;
}

void statfs_count(const struct statvfs *fs, struct statfs_result *result)
{
    result->total_bytes = size(fs->f_blocks, fs->f_frsize);
    result->used_bytes = size(used(fs->f_blocks, fs->f_bfree), fs->f_frsize);
    result->free_bytes = size(available(fs->f_bavail), fs->f_frsize);
    result->inodes_used = size(used(fs->f_files, fs->f_ffree), 1);
    result->inodes_free = fs->f_files > 0 ? size(available(fs->f_favail), 1) : 0;
}

/* The last slash that leaves a first part short enough for one call, or NULL. */
static const char *cut(const char *path)
{
    const char *slash = strlen(path) < PATH_MAX ? NULL : path + PATH_MAX - 1;

    while (slash && slash > path && *slash != '/')
        slash--;
    return slash && slash > path ? slash : NULL;
}

/*
 * A descriptor of the path itself, whatever it is: with O_PATH no file system is asked to open
 * anything, and without O_DIRECTORY an automount point stays as it is. What is too long for one
 * call is walked in parts.
 */
static int open_path(const char *path)
{
    char part[PATH_MAX];
    int folder = AT_FDCWD;

    for (const char *slash = cut(path);; slash = cut(path)) {
        size_t len = slash ? (size_t)(slash - path) : 0;
        if (slash) {
            memcpy(part, path, len);
            part[len] = '\0';
        }
        int fd = openat(folder, slash ? part : path, O_PATH | O_CLOEXEC);
        int error = errno;
        if (folder != AT_FDCWD)
            close(folder);
        errno = error;
        if (!slash || fd < 0)
            return fd;
        folder = fd;
        path = slash + strspn(slash, "/");
    }
}

/* Whether that mount stands at `fd`, or at `path` where that is not empty; if not, why. */
static bool stands(int fd, const char *path, uint64_t mount_id, struct statfs_result *result)
{
    struct statx file = {0};

    if (statx(fd, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &file) < 0)
        result->error = errno;
    else if (!(file.stx_mask & STATX_MNT_ID))
        result->error = ENOSYS;
    else if (file.stx_mnt_id != mount_id)
        result->outcome = STATFS_OTHER_MOUNT;
    else if (!S_ISDIR(file.stx_mode))
        result->outcome = STATFS_NOT_DIRECTORY;
    else
        return true;
    return false;
}

/* Takes what fstatvfs(3) or statvfs(3) gave. */
static void take(int got, const struct statvfs *fs, struct statfs_result *result)
{
    if (got < 0) {
        result->error = errno;
        return;
    }
    result->outcome = STATFS_OK;
    statfs_count(fs, result);
}

static void read_fd(int fd, uint64_t mount_id, struct statfs_result *result)
{
    struct statvfs fs = {0};

    if (stands(fd, "", mount_id, result))
        take(fstatvfs(fd, &fs), &fs, result);
}

void statfs_read(const char *path, uint64_t mount_id, struct statfs_result *result)
{
    int fd = open_path(path);

    *result = (struct statfs_result){.outcome = STATFS_FAILED};
    if (fd < 0) {
        result->error = errno;
        if (errno == ENOENT || errno == ENOTDIR)
            result->outcome = STATFS_OTHER_MOUNT;
        return;
    }
    read_fd(fd, mount_id, result);
    close(fd);
}

/*
 * Why nobody waits here: RESOLVE_CACHED fails rather than leave the kernel's caches, takes a lock
 * that sleeps or asks a network file system whether a name still stands, and O_PATH opens nothing.
 * What another mount, put there this instant, is asked is the type of a file that is known already.
 * The numbers of a resident file system are counters in memory, taken under spin locks, also where
 * its device is gone or it is frozen.
 *
 * The root takes no descriptor, since to find it nothing is looked up; so to ask which mount it is
 * takes a call of its own.
 *
 * What is left: a project quota that was switched on by hand, and so shows in no mount option, may
 * have to be read (and of two mounts of that file system only one counts, see pool_ask). And,
 * within the microseconds between open and close, a 9p file system put over the path may be asked
 * whether its root still stands, and `umount --lazy` leaves what it has still to write to whoever
 * closes last.
 */
bool statfs_try(const char *path, uint64_t mount_id, bool trusted, struct statfs_result *result)
{
    static const char root[] = "/";
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED};
    struct statvfs fs = {0};

    *result = (struct statfs_result){.outcome = STATFS_FAILED};
    if (strcmp(path, root) == 0) {
        if (trusted || stands(AT_FDCWD, root, mount_id, result))
            take(statvfs(root, &fs), &fs, result);
    } else {
        int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
        if (fd < 0)
            return false;
        read_fd(fd, mount_id, result);
        close(fd);
    }
    return result->outcome != STATFS_FAILED;
}
