#include "parachute/keep/markfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0644

static bool holds(int file, const struct bytes *line)
{
    uint8_t read_bytes[4096];

    for (size_t done = 0; done < line->len;) {
        ssize_t got = read(file, read_bytes, sizeof read_bytes);

        if (got <= 0 || (size_t)got > line->len - done ||
            memcmp(read_bytes, line->data + done, (size_t)got) != 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* Whether it is a file of ours alone, with this line. */
static bool is_right(int folder, const char *name, const struct stat *stat,
                     const struct bytes *line)
{
    if (!S_ISREG(stat->st_mode) || (stat->st_mode & 07777) != FILE_MODE ||
        stat->st_uid != geteuid() || stat->st_nlink != 1 || stat->st_size != (off_t)line->len)
        return false;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return false;
    bool right = holds(file, line);
    close(file);
    return right;
}

static int write_all(int file, const struct bytes *line)
{
    for (size_t done = 0; done < line->len;) {
        ssize_t wrote = write(file, line->data + done, line->len - done);

        if (wrote < 0)
            return -1;
        done += (size_t)wrote;
    }
    return fchmod(file, FILE_MODE);
}

/* A new file in the place of what is there. */
static int replace(int folder, const char *name, const struct bytes *line)
{
    int file =
        openat(folder, MARKFILE_BESIDE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return -1;
    int result = write_all(file, line);
    int error = errno;
    if (close(file) < 0 && result == 0) {
        result = -1;
        error = errno;
    }
    if (result == 0 && renameat(folder, MARKFILE_BESIDE, folder, name) == 0)
        return 0;
    if (result == 0)
        error = errno;
    unlinkat(folder, MARKFILE_BESIDE, 0);
    errno = error;
    return -1;
}

int markfile_write(int folder, const char *name, const struct bytes *line)
{
    struct stat stat;

    if (line->failed) {
        errno = ENOMEM;
        return -1;
    }
    if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
        if (is_right(folder, name, &stat, line))
            return 0;
        if (S_ISDIR(stat.st_mode)) {
            errno = EISDIR;
            return -1;
        }
    }
    return replace(folder, name, line);
}
