#include "agent/service.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NS_PER_US INT64_C(1000)
#define BEATS 4 /* in each watchdog period: one that is missed does no harm */
#define START_BEAT_NS (10 * CLOCK_NS_PER_S)
#define TROUBLE_MAX 512
#define EXTENDED_US (60 * INT64_C(1000000)) /* from each beat of the start on */

enum state { STARTING, READY, RELOADING, STOPPING };

struct service {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_len;
    int64_t watchdog_ns; /* 0: none */
    enum state state;
    char trouble[TROUBLE_MAX]; /* "": none */
    bool untold;               /* the state */
    struct event *beat;
    bool (*well)(void *arg);
    void *arg;
    struct log_complaint mute;
};

static bool send_text(struct service *service, const char *text)
{
    ssize_t sent = sendto(service->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                          (const struct sockaddr *)&service->address, service->address_len);

    if (sent < 0)
        log_complain(&service->mute, LOG_LEVEL_WARNING, "cannot tell the service manager: %s",
                     strerror(errno));
    else
        log_relieve(&service->mute, "the service manager can be told again");
    return sent >= 0;
}

static void tell_state(struct service *service)
{
    char text[TROUBLE_MAX + 64];

    switch (service->state) {
    case STARTING:
        snprintf(text, sizeof text, "EXTEND_TIMEOUT_USEC=%" PRId64, EXTENDED_US);
        break;
    case READY:
        snprintf(text, sizeof text, "READY=1\nSTATUS=%s%s",
                 service->trouble[0] ? "the last reload was refused: " : "", service->trouble);
        break;
    case RELOADING:
        snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                 clock_mono_ns() / NS_PER_US);
        break;
    case STOPPING:
        snprintf(text, sizeof text, "STOPPING=1");
        break;
    }
    service->untold = !send_text(service, text);
}

static void enter(struct service *service, enum state state)
{
    service->state = state;
    if (service->fd >= 0)
        tell_state(service);
}

static void on_beat(evutil_socket_t fd, short what, void *arg)
{
    struct service *service = arg;

    (void)fd;
    (void)what;
    if (!service->well(service->arg))
        return;
    if (service->untold || service->state == STARTING)
        tell_state(service);
    if (service->state != STARTING && service->watchdog_ns > 0)
        send_text(service, "WATCHDOG=1");
}

/* "/path" or "@name", the abstract namespace. Others (vsock:) are for virtual machines. */
static int open_socket(struct service *service, const char *name)
{
    size_t len = strlen(name);

    if ((*name != '/' && *name != '@') || len < 2 || len >= sizeof service->address.sun_path) {
        log_write(LOG_LEVEL_WARNING, "NOTIFY_SOCKET is no path of a socket; nobody is told");
        return 0;
    }
    service->address.sun_family = AF_UNIX;
    memcpy(service->address.sun_path, name, len);
    if (*name == '@')
        service->address.sun_path[0] = '\0';
    service->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    service->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return service->fd < 0 ? -1 : 0;
}

static int64_t read_number(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;

    if (!text || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    intmax_t number = strtoimax(text, &end, 10);
    return *end != '\0' || errno != 0 ? 0 : number;
}

/* WATCHDOG_PID, where it is given, is the process that is meant. */
static int64_t watchdog_ns(void)
{
    int64_t period_us = read_number("WATCHDOG_USEC");
    bool ours = !getenv("WATCHDOG_PID") || read_number("WATCHDOG_PID") == getpid();

    return ours && period_us < INT64_MAX / NS_PER_US ? period_us * NS_PER_US : 0;
}

static int start_beats(struct service *service)
{
    int64_t beat_ns = START_BEAT_NS;

    if (service->watchdog_ns > 0 && service->watchdog_ns / BEATS < beat_ns)
        beat_ns = service->watchdog_ns / BEATS;
    const struct timeval each = {.tv_sec = beat_ns / CLOCK_NS_PER_S,
                                 .tv_usec = beat_ns % CLOCK_NS_PER_S / NS_PER_US};
    return event_add(service->beat, &each);
}

struct service *service_new(struct event_base *base, bool (*well)(void *arg), void *arg)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct service *service = calloc(1, sizeof *service);

    if (!service)
        return NULL;
    *service = (struct service){.fd = -1, .well = well, .arg = arg};
    if (!name)
        return service;
    service->watchdog_ns = watchdog_ns();
    service->beat = event_new(base, -1, EV_PERSIST, on_beat, service);
    if (!service->beat || open_socket(service, name) < 0 ||
        (service->fd >= 0 && start_beats(service) < 0)) {
        service_free(service);
        return NULL;
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return service;
}

void service_free(struct service *service)
{
    if (!service)
        return;
    if (service->beat)
        event_free(service->beat);
    if (service->fd >= 0)
        close(service->fd);
    free(service);
}

void service_ready(struct service *service, const char *trouble)
{
    snprintf(service->trouble, sizeof service->trouble, "%.*s", TROUBLE_MAX - 1,
             trouble ? trouble : "");
    enter(service, READY);
}

void service_reloading(struct service *service)
{
    enter(service, RELOADING);
}

void service_stopping(struct service *service)
{
    enter(service, STOPPING);
}
