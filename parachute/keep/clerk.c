#include "parachute/keep/clerk.h"

#include "base/clock.h"
#include "parachute/keep/desk.h"
#include "parachute/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define REAP_NS (20 * CLOCK_NS_PER_MS)
#define LONGEST_WAIT_S 32

struct clerk {
    struct waits *waits;
    struct clerk_work work;
    struct clerk_heard heard;
    struct helper helper;
    struct wait wait; /* for the helper; until it is gone, or started, or the job is tried again */
    enum { GONE, OPENING, FREE, BUSY } state;
    bool outdated;    /* BUSY: another helper is to come after this job */
    int64_t busy_ns;  /* OPENING, BUSY: since when */
    int64_t start_ns; /* GONE: when another one may be started */
    int64_t wait_s;   /* after the next failure; 0: another helper may be started at once */
    int64_t number;   /* of the job that was given last */
    int64_t in_hand;  /* BUSY: the helper's */
    void *job;        /* that was given last; NULL: it is done */
    size_t job_len;
};

static int start(struct clerk *clerk)
{
    const struct helper_work work = {
        .name = clerk->work.name, .outlives = true, .serve = desk_serve, .arg = &clerk->work};

    if (helper_start(&clerk->helper, &work) < 0)
        return -1;
    if (wait_for(clerk->waits, &clerk->wait, clerk->helper.fd) < 0) {
        int error = errno;
        helper_end(&clerk->helper);
        errno = error;
        return -1;
    }
    clerk->state = OPENING;
    clerk->busy_ns = clock_mono_ns();
    return 0;
}

/* When to try again. */
static int64_t back_off(struct clerk *clerk)
{
    int64_t at_ns = clock_mono_ns() + clerk->wait_s * CLOCK_NS_PER_S;

    if (clerk->wait_s < LONGEST_WAIT_S)
        clerk->wait_s = clerk->wait_s > 0 ? clerk->wait_s * 2 : 1;
    return at_ns;
}

/* There is no helper, or none any more. */
static void rest(struct clerk *clerk)
{
    clerk->state = GONE;
    clerk->outdated = false;
    clerk->start_ns = back_off(clerk);
    wait_until(clerk->waits, &clerk->wait, clock_mono_ns() + REAP_NS);
}

/* The helper is no use any more. Whoever is told may free the clerk, so that comes last. */
static void lose(struct clerk *clerk, int error, const void *bytes, size_t len)
{
    const struct clerk_heard *heard = &clerk->heard;
    bool opening = clerk->state == OPENING;
    bool busy = clerk->state == BUSY;

    wait_end(&clerk->wait);
    helper_end(&clerk->helper);
    rest(clerk);
    if (opening)
        heard->opened(heard->arg, error, bytes, len);
    else if (busy)
        heard->done(heard->arg, (uint64_t)clerk->in_hand, error, bytes, len);
}

/* Another one begins as soon as this one is gone. */
static void replace(struct clerk *clerk)
{
    wait_end(&clerk->wait);
    if (clerk->state == OPENING)
        helper_end(&clerk->helper);
    else
        helper_leave(&clerk->helper);
    clerk->state = GONE;
    clerk->outdated = false;
    clerk->start_ns = clock_mono_ns();
    wait_until(clerk->waits, &clerk->wait, clerk->start_ns + REAP_NS);
}

/* Where that fails the helper's end is heard of, and all goes its way. */
static void send_job(struct clerk *clerk)
{
    struct desk_message message = {.number = clerk->number};
    struct iovec parts[] = {{&message, sizeof message}, {clerk->job, clerk->job_len}};
    const struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};

    clerk->state = BUSY;
    clerk->busy_ns = clock_mono_ns();
    clerk->in_hand = clerk->number;
    wait_until(clerk->waits, &clerk->wait, 0);
    if (sendmsg(clerk->helper.fd, &header, MSG_NOSIGNAL) < 0)
        shutdown(clerk->helper.fd, SHUT_RDWR);
}

static void hear_opened(struct clerk *clerk, const struct desk_message *message, size_t len)
{
    if (message->error != 0) {
        lose(clerk, (int)message->error, message->bytes, len);
        return;
    }
    clerk->state = FREE;
    if (clerk->job)
        send_job(clerk);
    clerk->heard.opened(clerk->heard.arg, 0, message->bytes, len);
}

static void hear_done(struct clerk *clerk, const struct desk_message *message, size_t len)
{
    bool last = clerk->in_hand == clerk->number;

    clerk->state = FREE;
    if (message->error == 0)
        clerk->wait_s = 0;
    else if (clerk->wait_s == 0)
        clerk->wait_s = 1;
    if (last && message->error == 0) {
        free(clerk->job);
        clerk->job = NULL;
    }
    if (clerk->outdated)
        replace(clerk);
    else if (!last)
        send_job(clerk);
    else if (message->error != 0)
        wait_until(clerk->waits, &clerk->wait, back_off(clerk));
    clerk->heard.done(clerk->heard.arg, (uint64_t)message->number, (int)message->error,
                      message->bytes, len);
}

/* Whether the message is one that can come now. */
static bool sound(const struct clerk *clerk, const struct desk_message *head, ssize_t len)
{
    if (len < (ssize_t)sizeof *head || len > (ssize_t)DESK_MESSAGE || head->error < 0 ||
        head->error > INT32_MAX)
        return false;
    if (clerk->state == OPENING)
        return head->number == 0;
    return clerk->state == BUSY && head->number == clerk->in_hand;
}

/* A helper that says what it should not is ended like one that is dead. */
static void on_ready(void *arg)
{
    struct clerk *clerk = arg;
    int fd = clerk->helper.fd;
    struct desk_message head = {0};
    ssize_t len = recv(fd, &head, sizeof head, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    struct desk_message *message = sound(clerk, &head, len) ? malloc((size_t)len) : NULL;
    if (!message || recv(fd, message, (size_t)len, MSG_DONTWAIT) != len)
        lose(clerk, CLERK_ENDED, NULL, 0);
    else if (clerk->state == OPENING)
        hear_opened(clerk, message, (size_t)len - sizeof head);
    else
        hear_done(clerk, message, (size_t)len - sizeof head);
    free(message);
}

static void on_due(void *arg)
{
    struct clerk *clerk = arg;
    int64_t now_ns = clock_mono_ns();

    if (clerk->state == FREE) {
        send_job(clerk);
    } else if (!helper_reap(&clerk->helper)) {
        wait_until(clerk->waits, &clerk->wait, now_ns + REAP_NS);
    } else if (now_ns < clerk->start_ns) {
        wait_until(clerk->waits, &clerk->wait, clerk->start_ns);
    } else if (start(clerk) < 0) {
        int error = errno;

        rest(clerk);
        clerk->heard.opened(clerk->heard.arg, error, NULL, 0);
    }
}

struct clerk *clerk_new(struct waits *waits, const struct clerk_work *work,
                        const struct clerk_heard *heard)
{
    struct clerk *clerk = calloc(1, sizeof *clerk);

    if (!clerk)
        return NULL;
    clerk->waits = waits;
    clerk->work = *work;
    clerk->heard = *heard;
    clerk->wait = (struct wait){.ready = on_ready, .due = on_due, .arg = clerk};
    if (start(clerk) < 0) /* once more, from where that can be told */
        wait_until(waits, &clerk->wait, clock_mono_ns());
    return clerk;
}

void clerk_free(struct clerk *clerk)
{
    if (!clerk)
        return;
    bool begun = clerk->state == BUSY && clerk->in_hand == clerk->number;
    if (clerk->job && !begun && (clerk->state == FREE || clerk->state == BUSY))
        send_job(clerk);
    wait_end(&clerk->wait);
    if (clerk->state == BUSY)
        helper_leave(&clerk->helper);
    else if (clerk->state != GONE)
        helper_end(&clerk->helper);
    helper_reap(&clerk->helper);
    free(clerk->job);
    free(clerk);
}

void clerk_renew(struct clerk *clerk)
{
    if (clerk->state == BUSY)
        clerk->outdated = true;
    else if (clerk->state != GONE)
        replace(clerk);
}

int64_t clerk_give(struct clerk *clerk, const void *job, size_t len)
{
    void *copy = NULL;

    if (len > CLERK_MESSAGE_MAX)
        errno = EMSGSIZE;
    else
        copy = malloc(len + 1);
    if (!copy)
        return -1;
    if (len > 0)
        memcpy(copy, job, len);
    free(clerk->job);
    clerk->job = copy;
    clerk->job_len = len;
    clerk->number++;
    if (clerk->state == FREE)
        send_job(clerk);
    return clerk->number;
}

int64_t clerk_busy_since_ns(const struct clerk *clerk)
{
    return clerk->state == OPENING || clerk->state == BUSY ? clerk->busy_ns : 0;
}

bool clerk_idle(const struct clerk *clerk)
{
    return !clerk->job;
}
