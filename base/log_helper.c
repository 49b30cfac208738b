#include "base/log_helper.h"

#include "base/clock.h"
#include "base/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESTART_NS (CLOCK_NS_PER_S * 10)
#define RETRY_MS 1000
#define MESSAGE_BYTES 65536 /* a line of ours is short; a sanitizer's report may not be */

static const char QUESTION = '\0'; /* alone: is all written that was sent before? */

/* A message that carries one descriptor. */
struct parcel {
    char byte;
    struct iovec part;
    struct msghdr message;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
};

static struct cmsghdr *parcel_make(struct parcel *parcel)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->part = (struct iovec){.iov_base = &parcel->byte, .iov_len = 1};
    parcel->message = (struct msghdr){.msg_iov = &parcel->part,
                                      .msg_iovlen = 1,
                                      .msg_control = parcel->control.bytes,
                                      .msg_controllen = sizeof parcel->control.bytes};
    return CMSG_FIRSTHDR(&parcel->message);
}

static int park(const struct log_helper *log, int fd)
{
    struct parcel parcel;
    struct cmsghdr *head = parcel_make(&parcel);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    return sendmsg(log->parked[1], &parcel.message, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* A descriptor of what is parked, which stays there. */
static int look(int socket)
{
    struct parcel parcel;
    int fd = -1;

    parcel_make(&parcel);
    if (recvmsg(socket, &parcel.message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&parcel.message);
    if (head && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

/*
 * The next message: its length. 0: none, or an empty one. -1: there will be none any more. To end
 * while an answer was unread is an error, once, and messages may come after it.
 */
static ssize_t receive(char message[MESSAGE_BYTES])
{
    struct pollfd end = {.fd = 0, .events = 0};
    int left = 0;
    ssize_t got = recv(0, message, MESSAGE_BYTES, MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNRESET ? 0 : -1;
    if (got > 0)
        return got;
    return poll(&end, 1, 0) > 0 && (end.revents & POLLHUP) && ioctl(0, FIONREAD, &left) == 0 &&
                   left == 0
               ? -1
               : 0;
}

/* Runs in the helper, until all is written that was sent before the agent closed its end. */
static void serve(void *arg, pid_t agent)
{
    const struct log_helper *log = arg;
    struct log_writer writer = {.fd = look(1), .way = LOG_WAY_WRITE, .level = log->level};
    struct pollfd ready = {.fd = 0, .events = POLLIN};
    char message[MESSAGE_BYTES];
    ssize_t len = 0;
    bool owes = false;

    (void)agent;
    signal(SIGXFSZ, SIG_IGN); /* a limit of file size is as good a trouble as a full disk */
    while (writer.fd >= 0 && len >= 0) {
        len = poll(&ready, 1, owes ? RETRY_MS : -1) > 0 ? receive(message) : 0;
        if (len == 1 && *message == QUESTION)
            send(0, &QUESTION, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        else if (len > 0)
            log_writer_put(&writer, message, (size_t)len);
        owes = !log_writer_catch_up(&writer);
    }
}

static int start(struct log_helper *log)
{
    log->next_start_ns = clock_mono_ns() + RESTART_NS;
    if (helper_start(&log->helper, &(struct helper_work){.name = "altimeter-log",
                                                         .outlives = log->is_file,
                                                         .keep = log->parked[0],
                                                         .serve = serve,
                                                         .arg = log}) < 0)
        return -1;
    return dup2(log->helper.fd, STDERR_FILENO) < 0 ? -1 : 0;
}

static void forget_parked(struct log_helper *log)
{
    close(log->parked[0]);
    close(log->parked[1]);
    log->parked[0] = log->parked[1] = -1;
}

/* Without a process who reads the log must at least be told why there is none. */
static int take_back(struct log_helper *log)
{
    int error = errno;
    int fd = look(log->parked[0]);

    if (fd < 0)
        return 0; /* later, then */
    dup2(fd, STDERR_FILENO);
    close(fd);
    forget_parked(log);
    errno = error;
    return -1;
}

int log_helper_open(struct log_helper *log, const char *level)
{
    struct stat st;
    int pair[2] = {-1, -1};

    if (fstat(STDERR_FILENO, &st) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    *log = (struct log_helper){
        .parked = {pair[0], pair[1]}, .is_file = S_ISREG(st.st_mode), .level = level};
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || park(log, STDERR_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0) {
        int error = errno;

        forget_parked(log);
        if (nothing >= 0)
            close(nothing);
        errno = error;
        return -1;
    }
    close(nothing);
    return start(log) == 0 || log->helper.pid > 0 ? 0 : take_back(log);
}

int log_helper_tend(struct log_helper *log)
{
    if (log->helper.pid > 0 && log->helper.fd >= 0 && helper_listen(&log->helper) >= 0)
        return 0;
    if (log->helper.fd >= 0)
        helper_leave(&log->helper);
    if (!helper_reap(&log->helper) || clock_mono_ns() < log->next_start_ns)
        return -1;
    return start(log) < 0 ? -1 : 1;
}

void log_helper_make_room(const struct log_helper *log)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;

    if (log->helper.pid > 0 && getsockopt(log->helper.fd, SOL_SOCKET, SO_SNDBUF, &bytes, &len) == 0)
        setsockopt(log->helper.fd, SOL_SOCKET, SO_SNDBUF, &bytes, len); /* which doubles it */
}

void log_helper_close(struct log_helper *log, int wait_ms)
{
    struct pollfd answer = {.fd = log->helper.fd, .events = POLLIN};

    while (log->helper.pid > 0 && helper_listen(&log->helper) == 1)
        continue;
    if (log->helper.pid > 0 && send(log->helper.fd, &QUESTION, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
        poll(&answer, 1, wait_ms);
    helper_leave(&log->helper);
    helper_reap(&log->helper);
    forget_parked(log);
}
