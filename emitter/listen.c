#include "emitter/listen.h"

#include "base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static const char *unix_path(const struct address *address)
{
    return ((const struct sockaddr_un *)&address->sockaddr)->sun_path;
}

static int bind_to(int fd, const struct address *address)
{
    const int on = 1;
    int family = address->sockaddr.ss_family;

    if (family == AF_UNIX) {
        /* 0777 less this is 0660, from the file's first moment. */
        mode_t before = umask(0117);
        int result = bind(fd, (const struct sockaddr *)&address->sockaddr, address->len);
        int error = errno;

        umask(before);
        errno = error;
        return result;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0))
        return -1;
    return bind(fd, (const struct sockaddr *)&address->sockaddr, address->len);
}

/*
 * Asks who listens at the path: 0 and the process, where somebody does; -1 and errno else.
 * ECONNREFUSED: nobody. EAGAIN: somebody whose queue is full.
 */
static int ask_listener(const struct address *address, pid_t *pid)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = -1;

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address->sockaddr, address->len) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0) {
        *pid = peer.pid;
        result = 0;
    }
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static const char in_use[] = "address already in use";

/*
 * Why the path is taken, NULL where it holds a socket that its process left behind, which is
 * removed.
 */
static const char *clear_path(const struct address *address)
{
    struct stat st;
    pid_t pid = 0;

    if (lstat(unix_path(address), &st) < 0)
        return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(st.st_mode))
        return "what stands there is no socket";
    if (ask_listener(address, &pid) == 0 || errno != ECONNREFUSED)
        return in_use;
    return unlink(unix_path(address)) == 0 ? NULL : strerror(errno);
}

/* NULL, or why the socket cannot have the address. */
static const char *claim(int fd, const struct address *address)
{
    if (bind_to(fd, address) == 0)
        return NULL;
    if (errno != EADDRINUSE)
        return strerror(errno);
    if (address->sockaddr.ss_family != AF_UNIX)
        return in_use;

    const char *why = clear_path(address);
    if (why)
        return why;
    return bind_to(fd, address) == 0 ? NULL : strerror(errno);
}

static const char *make_listener(int fd, const struct address *address)
{
    const char *why = claim(fd, address);

    if (why)
        return why;
    if (listen(fd, BACKLOG) == 0)
        return NULL;
    return errno == EADDRINUSE ? in_use : strerror(errno);
}

static void log_failure(const struct address *address, const char *door, const char *why)
{
    char text[ADDRESS_TEXT_MAX];
    char hint[96] = "";

    address_format(address, text);
    if (why == in_use)
        snprintf(hint, sizeof hint, " (is another altimeter running? choose another with --%s)",
                 door);
    log_write(LOG_LEVEL_ERROR, "%s: cannot listen on %s: %s%s", door, text, why, hint);
}

int listen_open(const struct address *address, const char *door)
{
    int fd = socket(address->sockaddr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const char *why = fd < 0 ? strerror(errno) : make_listener(fd, address);

    if (!why)
        return fd;
    log_failure(address, door, why);
    if (fd >= 0)
        close(fd);
    return -1;
}

void listen_close(int fd, const struct address *address)
{
    pid_t pid = 0;

    if (fd < 0)
        return;
    if (address->sockaddr.ss_family == AF_UNIX && ask_listener(address, &pid) == 0 &&
        pid == getpid())
        unlink(unix_path(address));
    close(fd);
}
