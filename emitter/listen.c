#include "emitter/listen.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
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

static bool is_any(const struct address *address)
{
    const struct sockaddr_storage *any = &address->sockaddr;

    if (any->ss_family == AF_INET)
        return ((const struct sockaddr_in *)any)->sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)any)->sin6_addr);
}

/* They are at the same place of both families' structs. */
static in_port_t port_of(const struct address *address)
{
    return ((const struct sockaddr_in *)&address->sockaddr)->sin_port;
}

static bool same_host(const struct address *a, const struct address *b)
{
    const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)&a->sockaddr;
    const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)&b->sockaddr;

    if (a->sockaddr.ss_family == AF_INET6)
        return IN6_ARE_ADDR_EQUAL(&a6->sin6_addr, &b6->sin6_addr);
    return ((const struct sockaddr_in *)&a->sockaddr)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)&b->sockaddr)->sin_addr.s_addr;
}

/* Also where one of them leads through a link. */
static bool same_path(const char *a, const char *b)
{
    struct stat st_a;
    struct stat st_b;

    return strcmp(a, b) == 0 || (stat(a, &st_a) == 0 && stat(b, &st_b) == 0 &&
                                 st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino);
}

bool listen_collides(const struct listening *listening, const struct address *wanted)
{
    const struct address *address = &listening->address;

    if (listening->fd < 0 || address->sockaddr.ss_family != wanted->sockaddr.ss_family)
        return false;
    if (wanted->sockaddr.ss_family == AF_UNIX)
        return same_path(unix_path(address), unix_path(wanted));
    return port_of(wanted) != 0 && port_of(address) == port_of(wanted) &&
           (is_any(address) || is_any(wanted) || same_host(address, wanted));
}

static bool is_ours(const struct address *address)
{
    pid_t pid = 0;

    return ask_listener(address, &pid) == 0 && pid == getpid();
}

/*
 * A unix socket's file steps aside, since no other one could be made for the same socket. A TCP
 * socket that is shut down listens no more and stays bound, which with SO_REUSEADDR is in nobody's
 * way; it can listen again.
 */
int listen_yield(struct listening *listening, const char *door)
{
    const struct address *address = &listening->address;
    char text[ADDRESS_TEXT_MAX];

    listening->aside[0] = '\0';
    if (address->sockaddr.ss_family != AF_UNIX) {
        listening->yielded = shutdown(listening->fd, SHUT_RD) == 0;
    } else if (is_ours(address)) {
        int len = snprintf(listening->aside, sizeof listening->aside, "%s.%d", unix_path(address),
                           (int)getpid());
        listening->yielded = len < (int)sizeof listening->aside &&
                             renameat2(AT_FDCWD, unix_path(address), AT_FDCWD, listening->aside,
                                       RENAME_NOREPLACE) == 0;
    } else {
        listening->yielded = true; /* somebody else's file stands there, or none */
    }
    if (listening->yielded)
        return 0;
    address_format(address, text);
    log_write(LOG_LEVEL_ERROR, "%s: cannot let go of %s: %s", door, text, strerror(errno));
    return -1;
}

int listen_resume(struct listening *listening, const char *door)
{
    int result = 0;

    if (!listening->yielded)
        return 0;
    if (listening->address.sockaddr.ss_family != AF_UNIX)
        result = listen(listening->fd, BACKLOG);
    else if (listening->aside[0])
        result = renameat2(AT_FDCWD, listening->aside, AT_FDCWD, unix_path(&listening->address),
                           RENAME_NOREPLACE);
    if (result < 0) {
        log_failure(&listening->address, door, strerror(errno));
        return -1;
    }
    listening->yielded = false;
    return 0;
}

void listen_leave(struct listening *listening)
{
    if (!listening->yielded) {
        listen_close(listening->fd, &listening->address);
        return;
    }
    if (listening->aside[0])
        unlink(listening->aside);
    close(listening->fd);
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
    if (fd < 0)
        return;
    if (address->sockaddr.ss_family == AF_UNIX && is_ours(address))
        unlink(unix_path(address));
    close(fd);
}
