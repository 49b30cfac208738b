#include "collector/procfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FIRST_BYTES 4096
#define MOST_BYTES (64 << 20)

int procfile_open(struct procfile *file, const char *proc, const char *name, bool whole)
{
    *file = (struct procfile){.fd = -1, .whole = whole};
    if (asprintf(&file->path, "%s/%s", proc, name) < 0) {
        file->path = NULL;
        return -1;
    }
    return 0;
}

static void drop_fd(struct procfile *file)
{
    int error = errno;

    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    errno = error;
}

void procfile_reopen(struct procfile *file)
{
    drop_fd(file);
}

void procfile_close(struct procfile *file)
{
    if (file->path)
        drop_fd(file);
    free(file->path);
    free(file->text);
    *file = (struct procfile){.fd = -1};
}

static int open_file(struct procfile *file)
{
    struct statfs fs;

    /* O_NONBLOCK: a FIFO in the file's place must not hold us up */
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    file->kept = file->fd >= 0 && fstatfs(file->fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
    return file->fd < 0 ? -1 : 0;
}

static int grow(struct procfile *file)
{
    size_t capacity = file->capacity ? file->capacity * 2 : FIRST_BYTES;
    char *text = NULL;

    if (capacity > MOST_BYTES) {
        errno = EFBIG;
        return -1;
    }
    text = realloc(file->text, capacity);
    if (!text)
        return -1;
    file->text = text;
    file->capacity = capacity;
    return 0;
}

/* In order from the start: so the kernel goes on in the text that it made at the first byte. */
static int read_whole(struct procfile *file)
{
    for (;;) {
        if (file->len == file->capacity && grow(file) < 0)
            return -1;
        ssize_t got =
            pread(file->fd, file->text + file->len, file->capacity - file->len, (off_t)file->len);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return -1;
        if (got > 0)
            file->len += (size_t)got;
        if (got > 0 && file->whole && file->kept && file->len < file->capacity)
            return 0;
    }
}

int procfile_read(struct procfile *file)
{
    file->len = 0;
    if (file->fd < 0 && open_file(file) < 0)
        return -1;

    int result = read_whole(file);
    if (result < 0)
        file->len = 0;
    if (result < 0 || !file->kept)
        drop_fd(file);
    return result;
}

bool procfile_changed(const struct procfile *file)
{
    struct pollfd entry = {.fd = file->fd, .events = POLLPRI};

    return file->fd < 0 || poll(&entry, 1, 0) != 0;
}
