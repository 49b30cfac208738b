#include "agent/alarm.h"

#include "base/clock.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    const struct alarm *alarm = arg;
    uint64_t expirations = 0;

    (void)what;
    /* ECANCELED tells that the clock was set. */
    if (read(fd, &expirations, sizeof expirations) < 0 && errno == EAGAIN)
        return;
    alarm->rings(alarm->arg);
}

int alarm_open(struct alarm *alarm, struct event_base *base, void (*rings)(void *arg), void *arg)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

    if (fd < 0)
        return -1;
    *alarm = (struct alarm){.fd = fd, .rings = rings, .arg = arg};
    alarm->event = event_new(base, fd, EV_READ | EV_PERSIST, on_timer, alarm);
    if (alarm->event && event_add(alarm->event, NULL) == 0)
        return 0;
    if (!alarm->event)
        close(fd);
    alarm_close(alarm);
    errno = ENOMEM;
    return -1;
}

int alarm_set(const struct alarm *alarm, int64_t wall_ns)
{
    const struct itimerspec at = {
        .it_value = {.tv_sec = wall_ns / CLOCK_NS_PER_S, .tv_nsec = wall_ns % CLOCK_NS_PER_S}};

    return timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
}

void alarm_close(struct alarm *alarm)
{
    if (!alarm->event)
        return;
    event_free(alarm->event);
    close(alarm->fd);
    *alarm = (struct alarm){0};
}
