#include "agent/config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Non-blocking, so that a pipe to which nobody writes does not hold up the start for ever; then
 * blocking again, so that one to which somebody does is read to its end.
 */
static int open_checked(const char *path, const struct file_rule *rule, const char **why)
{
    bool regular = rule->regular || rule->secret;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &st) < 0 || fcntl(fd, F_SETFL, 0) < 0)
        *why = strerror(errno);
    else if (!S_ISREG(st.st_mode) && (regular || !S_ISFIFO(st.st_mode)))
        *why = "it is no regular file";
    else if (rule->secret && (st.st_mode & S_IRWXO) != 0)
        *why = "others have access to it: chmod o-rwx";
    else {
        if (rule->seen)
            *rule->seen = st;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Reads to the end, or to one byte more than `max`. */
static char *read_all(int fd, size_t max, size_t *len, const char **why)
{
    char *bytes = malloc(max + 2);
    ssize_t got = bytes ? 1 : -1;

    for (*len = 0; got > 0 && *len <= max; *len += got > 0 ? (size_t)got : 0)
        do
            got = read(fd, bytes + *len, max + 1 - *len);
        while (got < 0 && errno == EINTR);
    if (got >= 0) {
        bytes[*len] = '\0';
        return bytes;
    }
    *why = strerror(errno);
    free(bytes);
    return NULL;
}

char *file_read(const char *path, const struct file_rule *rule, size_t *len, const char **why)
{
    int fd = open_checked(path, rule, why);

    if (fd < 0)
        return NULL;
    char *bytes = read_all(fd, rule->max_bytes, len, why);
    close(fd);
    if (bytes && *len > rule->max_bytes) {
        *why = "it is larger";
        free(bytes);
        return NULL;
    }
    return bytes;
}

int file_check(const char *path, const struct file_rule *rule, const char **why)
{
    int fd = open_checked(path, rule, why);

    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}
