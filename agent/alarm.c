#include "agent/alarm.h"

#include "base/clock.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct alarm *alarm = arg;
    uint64_t expirations = 0;
    bool rang = read(fd, &expirations, sizeof expirations) == sizeof expirations;

    (void)what;
    if (!rang && errno == EAGAIN)
        return;
    /* ECANCELED tells that the clock was set. */
    if (!rang || expirations > 1)
        alarm->every_ns = 0;
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

static struct timespec timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / CLOCK_NS_PER_S, .tv_nsec = ns % CLOCK_NS_PER_S};
}

int alarm_set(struct alarm *alarm, int64_t wall_ns, int64_t every_ns)
{
    const struct itimerspec at = {.it_value = timespec(wall_ns), .it_interval = timespec(every_ns)};
    bool comes = alarm->every_ns == every_ns && wall_ns == alarm->at_ns + every_ns;

    alarm->every_ns = 0;
    if (!comes &&
        timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) < 0)
        return -1;
    alarm->at_ns = wall_ns;
    alarm->every_ns = every_ns;
    return 0;
}

void alarm_close(struct alarm *alarm)
{
    if (!alarm->event)
        return;
    event_free(alarm->event);
    close(alarm->fd);
    *alarm = (struct alarm){0};
}
