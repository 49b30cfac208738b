#include "parachute/keep/recordfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100    /* to get hold of a file that others come and go with */
#define AGAIN EAGAIN /* something changed meanwhile: look again */
#define LOCK_TRIES 120
#define LOCK_WAIT_MS 10

enum { FLAGS = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK }; /* a fifo is not waited for */

static int open_dir(const char *path)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0 && errno == ENOENT && mkdir(path, 0750) == 0)
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir;
}

static int close_with(int fd, int error)
{
    close(fd);
    return error;
}

/* The file that is open still stands under this name. */
static bool stands(int dir, const char *name, int fd)
{
    struct stat open;
    struct stat named;

    return fstat(fd, &open) == 0 && fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

/* Why it cannot be ours; NULL: it may be. */
static const char *misfit(const struct stat *stat)
{
    if (!S_ISREG(stat->st_mode))
        return "it is no regular file";
    if (stat->st_uid != geteuid())
        return "it belongs to another user";
    if (stat->st_nlink != 1)
        return "it has another name too";
    return stat->st_size == (off_t)RECORD_BYTES ? NULL : "its size is wrong";
}

static bool fits(int fd)
{
    struct stat stat;

    return fstat(fd, &stat) == 0 && !misfit(&stat);
}

/* One that was left behind has it for as long as its last write takes. EBUSY: that is too long. */
static int lock(int dir, const char *name, int fd)
{
    for (unsigned tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return errno;
        if (tries == LOCK_TRIES)
            return EBUSY;
        poll(NULL, 0, LOCK_WAIT_MS);
    }
    return stands(dir, name, fd) ? 0 : AGAIN;
}

static int write_at(int fd, const uint8_t *bytes, size_t len, size_t at)
{
    while (len > 0) {
        ssize_t put = pwrite(fd, bytes, len, (off_t)at);
        if (put < 0 && errno != EINTR)
            return errno;
        size_t done = put > 0 ? (size_t)put : 0;

        bytes += done;
        at += done;
        len -= done;
    }
    return 0;
}

static int read_whole(int fd, uint8_t *bytes)
{
    size_t done = 0;

    while (done < RECORD_BYTES) {
        ssize_t got = pread(fd, bytes + done, RECORD_BYTES - done, (off_t)done);
        if (got == 0)
            return EIO; /* its size was right */
        if (got < 0 && errno != EINTR)
            return errno;
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static int remove_any(int dir, const char *name)
{
    if (unlinkat(dir, name, 0) == 0 || (errno == EISDIR && unlinkat(dir, name, AT_REMOVEDIR) == 0))
        return 0;
    return errno == ENOENT ? 0 : errno;
}

/* What stands under the name of the new file: another keeper is just making it, or once was. */
static int clear_next(int dir)
{
    struct stat stat;

    if (fstatat(dir, RECORDFILE_NEXT, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? AGAIN : errno;
    int fd = S_ISREG(stat.st_mode) ? openat(dir, RECORDFILE_NEXT, O_RDONLY | FLAGS) : -1;
    int error = fd < 0 ? 0 : lock(dir, RECORDFILE_NEXT, fd);

    if (error == 0)
        error = remove_any(dir, RECORDFILE_NEXT);
    if (fd >= 0)
        close(fd);
    return error == 0 ? AGAIN : error;
}

static int fill(int fd, uint8_t *bytes)
{
    memset(bytes, 0, RECORD_BYTES);
    int error = write_at(fd, bytes, RECORD_BYTES, 0);

    return error == 0 && fsync(fd) < 0 ? errno : error;
}

static int give_name(int dir)
{
    struct stat stat;

    if (fstatat(dir, RECORDFILE_NAME, &stat, AT_SYMLINK_NOFOLLOW) == 0)
        return AGAIN;
    if (renameat(dir, RECORDFILE_NEXT, dir, RECORDFILE_NAME) < 0)
        return errno;
    return fsync(dir) < 0 ? errno : 0;
}

static int make(struct recordfile *file, int dir, uint8_t *bytes)
{
    int fd = openat(dir, RECORDFILE_NEXT, O_RDWR | O_CREAT | O_EXCL | FLAGS, 0600);

    if (fd < 0)
        return errno == EEXIST ? clear_next(dir) : errno;
    int error = lock(dir, RECORDFILE_NEXT, fd);
    if (error != 0)
        return close_with(fd, error);
    error = fill(fd, bytes);
    if (error == 0)
        error = give_name(dir);
    if (error != 0) { /* it takes no room on a disk that is full */
        if (stands(dir, RECORDFILE_NEXT, fd))
            unlinkat(dir, RECORDFILE_NEXT, 0);
        return close_with(fd, error);
    }
    *file = (struct recordfile){.fd = fd, .made = true, .aside = file->aside};
    return 0;
}

/* The older one that was set aside goes. A file's name cannot be given to a directory, nor the
 * other way. */
static int set_aside(struct recordfile *file, int dir, const char *why)
{
    if (renameat(dir, RECORDFILE_NAME, dir, RECORDFILE_ASIDE) < 0) {
        if (errno == ENOENT)
            return AGAIN;
        if (errno != EISDIR && errno != ENOTDIR && errno != ENOTEMPTY && errno != EEXIST)
            return errno;
        int error = remove_any(dir, RECORDFILE_ASIDE);
        if (error != 0)
            return error;
        if (renameat(dir, RECORDFILE_NAME, dir, RECORDFILE_ASIDE) < 0)
            return errno;
    }
    file->aside = why;
    return AGAIN;
}

static int take_up(struct recordfile *file, int dir, int fd, uint8_t *bytes)
{
    struct record record;
    bool torn = false;
    const char *why = NULL;
    int error = read_whole(fd, bytes);

    if (error != 0)
        return error;
    int found = record_decode(bytes, RECORD_BYTES, &record, &torn, &why);
    if (found < 0)
        return set_aside(file, dir, why);
    *file =
        (struct recordfile){.fd = fd, .unsynced = true, .made = file->made, .aside = file->aside};
    if (found == 0) {
        file->turn = record.turn;
        file->place = 1 - record.place;
    }
    return 0;
}

static int try_once(struct recordfile *file, int dir, uint8_t *bytes)
{
    struct stat stat;

    if (fstatat(dir, RECORDFILE_NAME, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? make(file, dir, bytes) : errno;
    const char *why = misfit(&stat);
    if (why)
        return set_aside(file, dir, why);
    int fd = openat(dir, RECORDFILE_NAME, O_RDWR | FLAGS);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? AGAIN : errno;
    int error = lock(dir, RECORDFILE_NAME, fd);
    if (error == 0)
        error = fits(fd) ? take_up(file, dir, fd, bytes) : AGAIN;
    return error == 0 ? 0 : close_with(fd, error);
}

int recordfile_hold(struct recordfile *file, const char *path, uint8_t *bytes)
{
    int dir = open_dir(path);

    if (dir < 0)
        return errno;
    bool held = file->fd > 0 && stands(dir, RECORDFILE_NAME, file->fd) && fits(file->fd);
    int error = held ? 0 : AGAIN;
    if (!held)
        recordfile_drop(file);
    for (unsigned tries = 0; error == AGAIN && tries < TRIES; tries++)
        error = try_once(file, dir, bytes);
    return close_with(dir, error);
}

void recordfile_drop(struct recordfile *file)
{
    if (file->fd > 0)
        close(file->fd);
    file->fd = -1;
}

int recordfile_read(const struct recordfile *file, uint8_t *bytes)
{
    return read_whole(file->fd, bytes);
}

int recordfile_peek(const char *path, uint8_t *bytes)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return errno;
    int fd = openat(dir, RECORDFILE_NAME, O_RDONLY | FLAGS);
    int error = fd < 0 ? errno : 0;
    close(dir);
    if (error != 0)
        return error;
    return close_with(fd, fits(fd) ? read_whole(fd, bytes) : EINVAL);
}

int recordfile_store(struct recordfile *file, uint8_t *slot, size_t len)
{
    if (record_stamp(slot, len, file->turn + 1) < 0)
        return EINVAL;
    if (file->unsynced && fdatasync(file->fd) < 0)
        return errno;
    file->unsynced = false;
    int error = write_at(file->fd, slot, len, file->place * RECORD_SLOT);
    if (error == 0 && fdatasync(file->fd) < 0)
        error = errno;
    if (error != 0)
        return error;
    file->turn++;
    file->place = 1 - file->place;
    return 0;
}
