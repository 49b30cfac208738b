#include "agent/control/operator_ask.h"

#include "agent/config/fault.h"
#include "agent/control/control.h"
#include "agent/control/visible.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MOST                                                                                  \
    ((size_t)4 * 1024 * 1024) /* bytes; a status of 1000 disks is one line of a few hundred KiB */
#define STATUS_NONE (-1)      /* the answer goes on */
#define STATUS_MAX 255

struct ask {
    struct sockaddr_un address;
    int fd;
    struct bytes unread; /* the begin of a line */
};

static int fail_mute(const struct ask *ask)
{
    fault_write("altimeter: the agent at %s has said nothing for %d s: it is stopped, or hangs",
                ask->address.sun_path, OPERATOR_PATIENCE_S);
    return EXIT_FAILURE;
}

static int fail_connect(const struct ask *ask)
{
    const char *path = ask->address.sun_path;

    if (errno == EAGAIN)
        return fail_mute(ask);
    if (errno == EACCES || errno == EPERM)
        fault_write("altimeter: not allowed to ask the agent at %s (%s): root is, its own user, "
                    "and the group that the socket belongs to",
                    path, strerror(errno));
    else
        fault_write("altimeter: no agent answers at %s (%s): is altimeter running, and run_dir set "
                    "to this? --run-dir DIR or --config FILE names another one",
                    path, strerror(errno));
    return EXIT_FAILURE;
}

static int set_patience(const struct ask *ask, int option, time_t seconds)
{
    const struct timeval patience = {.tv_sec = seconds};

    return setsockopt(ask->fd, SOL_SOCKET, option, &patience, sizeof patience);
}

static int reach(struct ask *ask)
{
    ask->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (ask->fd < 0 || set_patience(ask, SO_SNDTIMEO, OPERATOR_PATIENCE_S) < 0 ||
        set_patience(ask, SO_RCVTIMEO, OPERATOR_PATIENCE_S) < 0)
        return -1;
    return (int)TEMP_FAILURE_RETRY(
        connect(ask->fd, (const struct sockaddr *)&ask->address, sizeof ask->address));
}

/* One that turned us away may be gone before it has our request; what it said is there. */
static void send_request(const struct ask *ask, const char *request)
{
    size_t len = strlen(request);

    while (len > 0) {
        ssize_t sent = TEMP_FAILURE_RETRY(send(ask->fd, request, len, MSG_NOSIGNAL));

        if (sent < 0)
            return;
        request += sent;
        len -= (size_t)sent;
    }
}

static int fail_print(void)
{
    fault_write("altimeter: cannot write to stdout: %s", strerror(errno));
    return EXIT_FAILURE;
}

static int fail_nonsense(const struct ask *ask)
{
    fault_write("altimeter: what answers at %s is no agent", ask->address.sun_path);
    return EXIT_FAILURE;
}

/* Whoever answers may not be the agent that we take it for. */
static int print_line(const char *line)
{
    struct bytes text = {0};

    visible_add(&text, line, strlen(line));
    bytes_add(&text, "\n", 1);
    bool printed =
        !text.failed && fwrite(text.data, text.len, 1, stdout) == 1 && fflush(stdout) == 0;
    bytes_clean(&text);
    return printed ? STATUS_NONE : fail_print();
}

/* The status, or STATUS_NONE. */
static int take_line(const struct ask *ask, const char *line)
{
    char *end = NULL;

    if (strncmp(line, "out ", 4) == 0)
        return print_line(line + 4);
    if (strncmp(line, "err ", 4) == 0) {
        fault_write("altimeter: %s", line + 4);
        return STATUS_NONE;
    }
    if (strncmp(line, "exit ", 5) == 0) {
        long status = strtol(line + 5, &end, 10);

        if (end > line + 5 && *end == '\0' && status >= 0 && status <= STATUS_MAX)
            return (int)status;
    }
    return fail_nonsense(ask);
}

static int take_lines(struct ask *ask)
{
    size_t at = 0;
    int status = STATUS_NONE;

    while (status == STATUS_NONE) {
        char *line = (char *)ask->unread.data + at;
        char *newline = memchr(line, '\n', ask->unread.len - at);

        if (!newline)
            break;
        *newline = '\0';
        status = take_line(ask, line);
        at += (size_t)(newline - line) + 1;
    }
    memmove(ask->unread.data, ask->unread.data + at, ask->unread.len - at);
    bytes_cut(&ask->unread, ask->unread.len - at);
    return status;
}

static int take_answer(struct ask *ask, bool patient)
{
    int status = STATUS_NONE;

    while (status == STATUS_NONE) {
        char bytes[4096];
        ssize_t len = TEMP_FAILURE_RETRY(recv(ask->fd, bytes, sizeof bytes, 0));

        if (len < 0 && errno == EAGAIN)
            return fail_mute(ask);
        if (len <= 0) {
            fault_write("altimeter: the agent at %s has ended, or hung up, before its answer did",
                        ask->address.sun_path);
            return EXIT_FAILURE;
        }
        bytes_add(&ask->unread, bytes, (size_t)len);
        if (ask->unread.failed) {
            fault_write("altimeter: there is not enough memory");
            return EXIT_FAILURE;
        }
        status = take_lines(ask);
        if (ask->unread.len > LINE_MOST)
            return fail_nonsense(ask);
        if (patient && set_patience(ask, SO_RCVTIMEO, 0) < 0)
            return fail_connect(ask);
    }
    return status;
}

int operator_ask(const char *run_dir, const char *request, bool patient)
{
    struct ask ask = {.address = {.sun_family = AF_UNIX}, .fd = -1};
    int len =
        snprintf(ask.address.sun_path, sizeof ask.address.sun_path, "%s/" CONTROL_SOCKET, run_dir);
    int status = EXIT_FAILURE;

    if (len < 0 || (size_t)len >= sizeof ask.address.sun_path) {
        errno = ENAMETOOLONG;
        return fail_connect(&ask);
    }
    if (reach(&ask) < 0) {
        status = fail_connect(&ask);
    } else {
        send_request(&ask, request);
        status = take_answer(&ask, patient);
    }
    if (ask.fd >= 0)
        close(ask.fd);
    bytes_clean(&ask.unread);
    return status;
}
