#include "agent/reload.h"

#include "agent/config/config_fixed.h"
#include "agent/config/fault.h"
#include "agent/options.h"
#include "base/clock.h"
#include "base/helper.h"
#include "base/log.h"
#include "emitter/push/curl_used.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX 8192
#define WHY_MAX 1024

/* The checker's messages: one of these, and with WRONG the line. */
#define FINE '+'
#define WRONG '-'

static const struct timeval patience = {.tv_sec = 10};
static const struct timeval soon = {.tv_usec = 10000};
static const struct timeval later = {.tv_sec = 1};
#define REAPS_SOON 100 /* who has answered is gone soon, or hangs after all */

enum state { IDLE, CHECKING, OFFERED };

struct reload {
    struct config slots[2];
    size_t current; /* of them */
    struct reload_line line;
    struct reload_heard heard;
    char *folder; /* in which the agent was started */

    enum state state;
    bool again;
    bool fine;      /* says the checker */
    unsigned reaps; /* it may still be tried, soon each time; 0: it hangs */
    struct helper checker;
    struct event_base *base;
    struct event *answers; /* the checker's */
    struct event *timeout;
    struct event *reap;
    struct emitter_reloads counts;
    char why[WHY_MAX];  /* the first line of this time, */
    char told[WHY_MAX]; /* and of the last time, for whoever was told */
};

static void begin(struct reload *reload);

static void on_fault(void *arg, const char *line)
{
    struct reload *reload = arg;

    log_write(LOG_LEVEL_ERROR, "%s", line);
    if (reload->why[0] == '\0')
        snprintf(reload->why, sizeof reload->why, "%.*s", WHY_MAX - 1, line);
}

static void finish(struct reload *reload, bool done)
{
    reload->state = IDLE;
    reload->counts.done += done;
    reload->counts.refused += !done;
    reload->counts.last_s = clock_wall_ns() / CLOCK_NS_PER_S;
    memcpy(reload->told, reload->why, sizeof reload->told);
    reload->counts.error = done ? NULL : reload->told;
    if (done)
        log_write(LOG_LEVEL_INFO, "the configuration was read again and is in force");
    else
        log_write(LOG_LEVEL_ERROR,
                  "the configuration was read again and is refused; the one before stays in force");
    reload->heard.over(reload->heard.arg, &reload->counts);
    if (reload->again)
        begin(reload);
}

static void refuse(struct reload *reload, const char *why)
{
    on_fault(reload, why);
    finish(reload, false);
}

/* The files answered just now. */
static void read_here(struct reload *reload)
{
    struct config *next = &reload->slots[1 - reload->current];
    struct options options;

    if (options_read(&options, next, reload->line.argc, reload->line.argv) == 0 &&
        config_fixed(next, reload_config(reload)) == 0) {
        reload->state = OFFERED;
        reload->heard.offers(reload->heard.arg, next);
        return;
    }
    config_free(next);
    finish(reload, false);
}

static void dismiss(struct reload *reload, bool answered)
{
    if (reload->answers)
        event_free(reload->answers);
    reload->answers = NULL;
    evtimer_del(reload->timeout);
    helper_leave(&reload->checker);
    reload->reaps = answered ? REAPS_SOON : 0;
    evtimer_add(reload->reap, answered ? &soon : &later);
}

static void on_reap(evutil_socket_t fd, short what, void *arg)
{
    struct reload *reload = arg;

    (void)fd;
    (void)what;
    reload->reaps -= reload->reaps > 0;
    if (!helper_reap(&reload->checker))
        evtimer_add(reload->reap, reload->reaps > 0 ? &soon : &later);
    if (reload->again && reload->state == IDLE)
        begin(reload);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct reload *reload = arg;

    (void)fd;
    (void)what;
    helper_end(&reload->checker);
    dismiss(reload, false);
    refuse(reload, "the configuration could not be read within 10 s: does a disk hang?");
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct reload *reload = arg;
    char message[MESSAGE_MAX + 1];
    ssize_t len = recv(fd, message, MESSAGE_MAX, MSG_DONTWAIT);

    (void)what;
    if (len > 0) {
        message[len] = '\0';
        if (*message == WRONG)
            on_fault(reload, message + 1);
        reload->fine = reload->fine || *message == FINE;
        return;
    }
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    dismiss(reload, true);
    if (reload->fine)
        read_here(reload);
    else if (reload->why[0] != '\0')
        finish(reload, false);
    else
        refuse(reload, "the configuration could not be read: the process that did so has died");
}

/* In the checker, where descriptor 0 is the socket. */
static void send_fault(void *arg, const char *line)
{
    char message[MESSAGE_MAX];

    (void)arg;
    int len = snprintf(message, sizeof message, "%c%s", WRONG, line);
    send(STDIN_FILENO, message, len < MESSAGE_MAX ? (size_t)len : MESSAGE_MAX - 1, MSG_NOSIGNAL);
}

static void check(void *arg, pid_t agent)
{
    const struct reload *reload = arg;
    struct config config = {0};
    struct options options;

    (void)agent;
    fault_to(send_fault, NULL);
    if (chdir(reload->folder) < 0 || /* else a relative path leads elsewhere */
        options_read(&options, &config, reload->line.argc, reload->line.argv) < 0)
        return;
    for (size_t i = 0; i < config.target_count; i++)
        if (config.targets[i].tls)
            curl_used_version(); /* loads it: if its disk hangs, so does this and not the agent */
    send(STDIN_FILENO, &(const char){FINE}, 1, MSG_NOSIGNAL);
}

static int start_checker(struct reload *reload)
{
    const struct helper_work work = {.name = "altimeter-check", .serve = check, .arg = reload};

    evtimer_del(reload->reap); /* that was for the one before */
    if (helper_start(&reload->checker, &work) < 0)
        return -1;
    reload->answers =
        event_new(reload->base, reload->checker.fd, EV_READ | EV_PERSIST, on_answer, reload);
    if (reload->answers && event_add(reload->answers, NULL) == 0 &&
        evtimer_add(reload->timeout, &patience) == 0)
        return 0;
    helper_end(&reload->checker);
    dismiss(reload, true);
    errno = ENOMEM;
    return -1;
}

static void begin(struct reload *reload)
{
    const struct config *config = reload_config(reload);
    char why[128];

    reload->again = reload->checker.pid > 0 && !helper_reap(&reload->checker) && reload->reaps > 0;
    if (reload->again) /* as soon as that one, which has answered, is gone */
        return;
    reload->fine = false;
    reload->why[0] = '\0';
    reload->state = CHECKING;
    reload->heard.begins(reload->heard.arg);
    if (config->file && !S_ISREG(config->file_seen.st_mode)) {
        refuse(reload, "the configuration came through a pipe and cannot be read again");
    } else if (reload->checker.pid > 0) {
        refuse(reload, "the process that read the configuration before still hangs");
    } else if (start_checker(reload) < 0) {
        snprintf(why, sizeof why, "the configuration cannot be read again: %s", strerror(errno));
        refuse(reload, why);
    }
}

struct reload *reload_new(struct event_base *base, struct config *config,
                          const struct reload_line *line, const struct reload_heard *heard)
{
    struct reload *reload = calloc(1, sizeof *reload);

    if (!reload)
        return NULL;
    reload->slots[0] = *config;
    *config = (struct config){0};
    reload->line = *line;
    reload->heard = *heard;
    reload->base = base;
    reload->folder = getcwd(NULL, 0);
    if (!reload->folder)
        reload->folder = strdup("/");
    reload->timeout = evtimer_new(base, on_timeout, reload);
    reload->reap = evtimer_new(base, on_reap, reload);
    if (reload->folder && reload->timeout && reload->reap) {
        fault_to(on_fault, reload);
        return reload;
    }
    reload_free(reload);
    return NULL;
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    fault_to(NULL, NULL);
    helper_end(&reload->checker);
    if (reload->answers)
        event_free(reload->answers);
    if (reload->timeout)
        event_free(reload->timeout);
    if (reload->reap)
        event_free(reload->reap);
    for (size_t i = 0; i < 2; i++)
        config_free(&reload->slots[i]);
    free(reload->folder);
    free(reload);
}

const struct config *reload_config(const struct reload *reload)
{
    return &reload->slots[reload->current];
}

void reload_ask(struct reload *reload)
{
    if (reload->state == IDLE)
        begin(reload);
    else
        reload->again = true;
}

void reload_answer(struct reload *reload, bool accepted)
{
    size_t other = 1 - reload->current;

    config_free(&reload->slots[accepted ? reload->current : other]);
    if (accepted)
        reload->current = other;
    else if (reload->why[0] == '\0')
        snprintf(reload->why, sizeof reload->why, "it could not be put in force, see the log");
    finish(reload, accepted);
}
