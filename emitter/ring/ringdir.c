#include "emitter/ring/ringdir.h"

#include "emitter/ring/holder.h"
#include "emitter/ring/ringfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDES 3
#define LOCK_TRIES 50
#define LOCK_WAIT_MS 20

/* Waits for one that was left behind, and may still be busy with its last write. */
static int lock(int dir, pid_t own_agent, pid_t *agent)
{
    for (unsigned tries = 0; flock(dir, LOCK_EX | LOCK_NB) < 0; tries++) {
        if (errno != EWOULDBLOCK)
            return -1;
        pid_t scribe = holder_find(dir);
        *agent = scribe > 0 ? holder_agent(scribe, own_agent) : 0;
        errno = EWOULDBLOCK;
        if (*agent > 0 || (tries == LOCK_TRIES && scribe == 0))
            return 1;
        if (tries == LOCK_TRIES)
            return -1;
        poll(NULL, 0, LOCK_WAIT_MS);
    }
    return 0;
}

int ringdir_open(struct ringdir *ringdir, const char *path, pid_t agent, pid_t *holder)
{
    *ringdir = (struct ringdir){.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .file = -1};
    if (ringdir->dir < 0 && errno == ENOENT && mkdir(path, 0750) == 0)
        ringdir->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return ringdir->dir < 0 ? -1 : lock(ringdir->dir, agent, holder);
}

static ssize_t read_all(int file, uint8_t *bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = read(file, bytes + done, len - done);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        done += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)done;
}

static int read_image(int file, struct ringdir_image *image)
{
    struct stat stat;

    if (fstat(file, &stat) < 0)
        return -1;
    if (!S_ISREG(stat.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    image->bytes = malloc((size_t)stat.st_size + 1);
    ssize_t got = image->bytes ? read_all(file, image->bytes, (size_t)stat.st_size) : -1;
    if (got == 0)
        errno = ENOENT;
    if (got <= 0)
        return -1;
    image->len = (size_t)got;
    return 0;
}

/* O_NONBLOCK: a fifo in its place is not waited for. */
int ringdir_read(const struct ringdir *ringdir, const char *name, struct ringdir_image *image)
{
    int file = openat(ringdir->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    *image = (struct ringdir_image){0};
    if (file < 0)
        return -1;
    int result = read_image(file, image);
    int error = errno;
    if (result < 0)
        ringdir_forget(image);
    close(file);
    errno = error;
    return result;
}

void ringdir_forget(struct ringdir_image *image)
{
    free(image->bytes);
    *image = (struct ringdir_image){0};
}

void ringdir_mend(const struct ringdir *ringdir)
{
    struct stat stat;

    if (fstatat(ringdir->dir, RINGDIR_RING, &stat, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        renameat(ringdir->dir, RINGDIR_NEXT, ringdir->dir, RINGDIR_RING);
}

int ringdir_set_aside(const struct ringdir *ringdir, const char *name, char *aside)
{
    char older[RINGDIR_NAME_MAX];

    for (unsigned n = ASIDES - 1; n > 0; n--) {
        snprintf(aside, RINGDIR_NAME_MAX, RINGDIR_RING ".aside.%u", n);
        snprintf(older, RINGDIR_NAME_MAX, RINGDIR_RING ".aside.%u", n + 1);
        if (renameat(ringdir->dir, aside, ringdir->dir, older) < 0 && errno != ENOENT)
            return -1;
    }
    return renameat(ringdir->dir, name, ringdir->dir, aside);
}

static int open_file(const struct ringdir *ringdir, const char *name, int flags)
{
    return openat(ringdir->dir, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
}

int ringdir_go_on(struct ringdir *ringdir)
{
    ringdir->file = open_file(ringdir, RINGDIR_RING, O_RDWR);
    return ringdir->file < 0 ? -1 : 0;
}

/* All the room is asked for at once, where the file system can do that: then a disk that is full
 * later does not matter any more. */
int ringdir_renew(struct ringdir *ringdir, uint64_t data_bytes)
{
    uint8_t header[RINGFILE_HEADERS_BYTES];

    ringdir->next = true;
    ringdir->file = open_file(ringdir, RINGDIR_NEXT, O_RDWR | O_CREAT | O_TRUNC);
    if (ringdir->file < 0)
        return -1;
    fallocate(ringdir->file, FALLOC_FL_KEEP_SIZE, 0, (off_t)(RINGFILE_DATA_AT + data_bytes));
    ringfile_header(data_bytes, header);
    return ringdir_write(ringdir, 0, header, sizeof header);
}

int ringdir_complete(struct ringdir *ringdir)
{
    char aside[RINGDIR_NAME_MAX];

    if (!ringdir->next)
        return 0;
    if (ringdir_sync(ringdir) < 0 ||
        (ringdir->keep && ringdir_set_aside(ringdir, RINGDIR_RING, aside) < 0 && errno != ENOENT) ||
        renameat(ringdir->dir, RINGDIR_NEXT, ringdir->dir, RINGDIR_RING) < 0)
        return -1;
    ringdir->next = false;
    ringdir->keep = false;
    return fsync(ringdir->dir);
}

int ringdir_write(const struct ringdir *ringdir, uint64_t at, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = pwrite(ringdir->file, bytes, len, (off_t)at);
        if (put < 0 && errno != EINTR)
            return -1;
        size_t done = put > 0 ? (size_t)put : 0;

        bytes += done;
        at += done;
        len -= done;
    }
    return 0;
}

int ringdir_sync(const struct ringdir *ringdir)
{
    return fdatasync(ringdir->file);
}

void ringdir_leave(const struct ringdir *ringdir)
{
    flock(ringdir->dir, LOCK_UN);
}
