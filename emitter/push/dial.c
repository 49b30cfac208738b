#include "emitter/push/dial.h"

#include "base/helper.h"
#include "emitter/push/connect.h"
#include "emitter/push/curl_attempt.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOAD_MS 5000
#define TEXT_MAX 512
#define LEFT_MOST 16 /* helpers that hang, before no more are started */

#define REAP_FIRST_MS 10
#define REAP_LAST_MS 1000

struct dialer {
    struct event_base *base;
    struct dial *leaving; /* whose helpers are not gone yet */
    struct event *reap;
    long reap_ms;  /* until the next look; doubles */
    unsigned left; /* helpers that are leaving */
};

struct dial {
    struct dialer *dialer;
    struct address_peer peer;
    struct connection_options options;
    struct helper helper;
    bool started;            /* the helper was */
    struct event *next_step; /* its start; then its answer, or the end of our patience */
    dial_cb *done;
    void *arg;
    struct dial *next; /* that is leaving */
};

/* In the helper, where descriptor 0 is the socket. A text goes along with the descriptor, since an
 * agent that has none left gets only the text. */
static void answer(int fd, const char *text)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof fd),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {.iov_base = (char *)text, .iov_len = strnlen(text, TEXT_MAX - 1)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        message.msg_control = &control;
        message.msg_controllen = sizeof control.space;
    }
    sendmsg(STDIN_FILENO, &message, MSG_NOSIGNAL);
}

static void on_attempted(void *arg, int fd, const char *error)
{
    answer(fd, error ? error : "no descriptor is left for the connection");
    event_base_loopbreak(arg);
}

/* Nothing is freed: the process ends. */
static void serve(void *arg, pid_t agent)
{
    struct curl_attempt attempt;

    (void)agent;
    /* Stdout and stderr: what a library may have to say must not get into a connection. */
    while (open("/", O_PATH | O_CLOEXEC) == STDOUT_FILENO)
        ;
    event_set_log_callback(NULL); /* nor to where the agent's log was */
    struct event_base *base = event_base_new();
    if (base && curl_attempt_open(&attempt, base, arg, on_attempted, base) == 0)
        event_base_dispatch(base);
    else
        answer(-1, "out of memory");
}

/* The socket, or -1 with the reason. */
static int listen_to(int socket, char text[TEXT_MAX])
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = text, .iov_len = TEXT_MAX - 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_LEN(sizeof(int))}; /* room for no second one */
    ssize_t len = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    int fd = -1;

    if (len <= 0) {
        snprintf(text, TEXT_MAX, "the process that was to connect %s",
                 len < 0 && errno == EAGAIN ? "hangs: does a disk?" : "has died");
        return -1;
    }
    text[len] = '\0';
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    if (fd >= 0 && (message.msg_flags & MSG_CTRUNC)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* A process can be reaped a moment after it was killed, or when its call returns. */
static void reap(struct dialer *dialer)
{
    const struct timeval wait = {.tv_sec = dialer->reap_ms / 1000,
                                 .tv_usec = dialer->reap_ms % 1000 * 1000};
    struct dial **link = &dialer->leaving;

    while (*link) {
        struct dial *dial = *link;

        if (helper_reap(&dial->helper)) {
            *link = dial->next;
            dialer->left -= dial->started;
            free(dial);
        } else {
            link = &dial->next;
        }
    }
    if (!dialer->leaving)
        return;
    evtimer_add(dialer->reap, &wait);
    if (dialer->reap_ms < REAP_LAST_MS)
        dialer->reap_ms *= 2;
}

static void on_reap(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    reap(arg);
}

static void finish(struct dial *dial, int fd, const char *error)
{
    dial_cb *done = dial->done;
    void *arg = dial->arg;

    dial_end(dial);
    done(arg, fd, error);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct dial *dial = arg;
    char text[TEXT_MAX];
    int connected = listen_to(fd, text);

    (void)what; /* the time may be over although the answer came: where the agent was stopped */
    finish(dial, connected, connected < 0 ? text : NULL);
}

static void on_start(evutil_socket_t fd, short what, void *arg)
{
    struct dial *dial = arg;
    const struct helper_work work = {
        .name = "altimeter-dial", .serve = serve, .arg = &dial->options};
    const struct timeval wait = {
        .tv_sec = (CURL_ATTEMPT_WHOLE_MS(dial->options.patience_ms) + LOAD_MS) / 1000};
    char text[TEXT_MAX];

    (void)fd;
    (void)what;
    if (dial->dialer->left >= LEFT_MOST) {
        finish(dial, -1, "too many processes that were to connect hang: does a disk?");
        return;
    }
    dial->started = helper_start(&dial->helper, &work) == 0;
    if (dial->started &&
        event_assign(dial->next_step, dial->dialer->base, dial->helper.fd, EV_READ, on_answer,
                     dial) == 0 &&
        event_add(dial->next_step, &wait) == 0)
        return;
    snprintf(text, sizeof text, "cannot start a process to connect: %s", strerror(errno));
    finish(dial, -1, text);
}

struct dialer *dialer_new(struct event_base *base)
{
    struct dialer *dialer = calloc(1, sizeof *dialer);

    if (!dialer)
        return NULL;
    dialer->base = base;
    dialer->reap = evtimer_new(base, on_reap, dialer);
    if (dialer->reap)
        return dialer;
    free(dialer);
    return NULL;
}

void dialer_free(struct dialer *dialer)
{
    if (!dialer)
        return;
    reap(dialer);
    while (dialer->leaving) {
        struct dial *dial = dialer->leaving;

        dialer->leaving = dial->next;
        free(dial);
    }
    event_free(dialer->reap);
    free(dialer);
}

struct dial *dial_start(struct dialer *dialer, const struct connection_options *options,
                        dial_cb *done, void *arg)
{
    struct dial *dial = calloc(1, sizeof *dial);

    if (!dial)
        return NULL;
    *dial = (struct dial){.dialer = dialer, .peer = *options->peer, .done = done, .arg = arg};
    dial->options =
        (struct connection_options){.peer = &dial->peer, .patience_ms = options->patience_ms};
    dial->next_step = evtimer_new(dialer->base, on_start, dial);
    if (dial->next_step && evtimer_add(dial->next_step, &(struct timeval){0}) == 0)
        return dial;
    dial_end(dial);
    return NULL;
}

void dial_end(struct dial *dial)
{
    if (!dial)
        return;
    struct dialer *dialer = dial->dialer;

    if (dial->next_step)
        event_free(dial->next_step);
    helper_end(&dial->helper);
    dialer->left += dial->started;
    dial->next = dialer->leaving;
    dialer->leaving = dial;
    dialer->reap_ms = REAP_FIRST_MS;
    reap(dialer);
}
