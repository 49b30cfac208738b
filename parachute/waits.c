#include "parachute/waits.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TURNS_A_DISPATCH 32

struct waits {
    int epoll;
    int timer;          /* watched with data.ptr NULL */
    int64_t timer_ns;   /* what it is set to; 0: nothing */
    struct wait *timed; /* the earliest first */
    struct wait *ripe;  /* those that this dispatch still has to call */
};

struct waits *waits_new(void)
{
    struct waits *waits = calloc(1, sizeof *waits);
    struct epoll_event event = {.events = EPOLLIN};

    if (!waits)
        return NULL;
    waits->epoll = epoll_create1(EPOLL_CLOEXEC);
    waits->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (waits->epoll >= 0 && waits->timer >= 0 &&
        epoll_ctl(waits->epoll, EPOLL_CTL_ADD, waits->timer, &event) == 0)
        return waits;
    int error = errno;
    waits_free(waits);
    errno = error;
    return NULL;
}

void waits_free(struct waits *waits)
{
    if (!waits)
        return;
    if (waits->timer >= 0)
        close(waits->timer);
    if (waits->epoll >= 0)
        close(waits->epoll);
    free(waits);
}

int waits_fd(const struct waits *waits)
{
    return waits->epoll;
}

/* It is never read: setting it anew makes it unreadable again. */
static void set_timer(struct waits *waits)
{
    int64_t at_ns = waits->timed ? waits->timed->at_ns : 0;

    if (at_ns == waits->timer_ns)
        return;
    const struct itimerspec when = {
        .it_value = {.tv_sec = at_ns / CLOCK_NS_PER_S, .tv_nsec = at_ns % CLOCK_NS_PER_S}};
    timerfd_settime(waits->timer, TFD_TIMER_ABSTIME, &when, NULL);
    waits->timer_ns = at_ns;
}

static void insert(struct wait **link, struct wait *wait)
{
    wait->link = link;
    wait->next = *link;
    if (wait->next)
        wait->next->link = &wait->next;
    *link = wait;
}

static void forget_time(struct wait *wait)
{
    if (wait->at_ns == 0)
        return;
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    wait->at_ns = 0;
}

/* One at a time: a callback may end any wait, and what was fetched before would outlive it. */
static void call_ready(struct waits *waits)
{
    struct epoll_event event;

    for (unsigned i = 0; i < TURNS_A_DISPATCH; i++) {
        if (epoll_wait(waits->epoll, &event, 1, 0) <= 0)
            return;
        const struct wait *wait = event.data.ptr;
        if (wait)
            wait->ready(wait->arg);
    }
}

/* What a callback sets to be due is not for this dispatch, or that would have no end. */
static void ripen(struct waits *waits)
{
    struct wait **end = &waits->ripe;
    int64_t now_ns = clock_mono_ns();

    while (waits->timed && waits->timed->at_ns <= now_ns) {
        struct wait *wait = waits->timed;
        int64_t at_ns = wait->at_ns;

        forget_time(wait);
        wait->at_ns = at_ns;
        insert(end, wait);
        end = &wait->next;
    }
    set_timer(waits);
}

void waits_dispatch(struct waits *waits)
{
    ripen(waits);
    call_ready(waits);
    while (waits->ripe) {
        struct wait *wait = waits->ripe;

        forget_time(wait);
        wait->due(wait->arg);
    }
}

static void forget_descriptor(struct wait *wait)
{
    if (wait->watching)
        epoll_ctl(wait->waits->epoll, EPOLL_CTL_DEL, wait->fd, NULL);
    wait->watching = false;
}

int wait_for(struct waits *waits, struct wait *wait, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = wait};

    forget_descriptor(wait);
    wait->waits = waits;
    wait->fd = fd;
    wait->watching = epoll_ctl(waits->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
    return wait->watching ? 0 : -1;
}

void wait_until(struct waits *waits, struct wait *wait, int64_t at_ns)
{
    struct wait **link = &waits->timed;

    forget_time(wait);
    wait->waits = waits;
    if (at_ns != 0) {
        wait->at_ns = at_ns > 0 ? at_ns : 1;
        while (*link && (*link)->at_ns <= wait->at_ns)
            link = &(*link)->next;
        insert(link, wait);
    }
    set_timer(waits);
}

void wait_end(struct wait *wait)
{
    forget_descriptor(wait);
    if (wait->at_ns == 0)
        return;
    forget_time(wait);
    set_timer(wait->waits);
}
