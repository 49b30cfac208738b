#include "agent/control/control.h"

#include "agent/control/control_client.h"
#include "base/address.h"
#include "base/log.h"
#include "emitter/listen.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENTS_MAX 16
#define CLIENTS_KEPT 4 /* of these, for those who may change something */
#define RUN_DIR_MODE 0755

static const struct timeval rest = {.tv_sec = 1};

struct control {
    struct parachute *parachute;
    struct address address;
    int fd;
    struct evconnlistener *listener;
    struct event *resume; /* pending while no client can be accepted */
    struct log_complaint complaint;
    struct control_client clients[CLIENTS_MAX];
};

/* Somebody asks; -1: the kernel does not say who. */
static int identify(int fd, struct control_peer *peer)
{
    struct ucred who = {0};
    socklen_t len = sizeof who;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
        return -1;
    *peer = (struct control_peer){
        .pid = who.pid, .uid = who.uid, .may = who.uid == 0 || who.uid == geteuid()};
    return 0;
}

static struct control_client *free_place(struct control *control, bool may)
{
    struct control_client *found = NULL;
    size_t free_places = 0;

    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (control->clients[i].stream)
            continue;
        found = &control->clients[i];
        free_places++;
    }
    return may || free_places > CLIENTS_KEPT ? found : NULL;
}

static void turn_away(int fd)
{
    static const char answer[] = "err too many ask at once; try again\nexit 1\n";

    if (send(fd, answer, sizeof answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_write(LOG_LEVEL_DEBUG, "control: a client was turned away unheard");
    close(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *arg)
{
    struct control *control = arg;
    struct control_peer peer;

    (void)address;
    (void)len;
    log_relieve(&control->complaint, "control: accepting clients again");
    if (identify(fd, &peer) < 0) {
        close(fd);
        return;
    }
    struct control_client *client = free_place(control, peer.may);
    if (!client)
        turn_away(fd);
    else if (control_client_open(client, evconnlistener_get_base(listener), control->parachute,
                                 &peer, fd) < 0)
        log_write(LOG_LEVEL_ERROR, "control: cannot serve a client: out of memory");
}

/* Out of descriptors, most likely: it would fail again at once, so it is left alone for a second.
 */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct control *control = arg;

    log_complain(&control->complaint, LOG_LEVEL_WARNING, "control: cannot accept a client: %s",
                 strerror(EVUTIL_SOCKET_ERROR()));
    if (evtimer_add(control->resume, &rest) == 0)
        evconnlistener_disable(listener);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    const struct control *control = arg;

    (void)fd;
    (void)what;
    evconnlistener_enable(control->listener);
}

/* With the mode that it shall have, whatever umask we were started with. NULL, or why it cannot be
 * used: whoever else can write there could put his own in the place of what is ours. */
static const char *make_run_dir(const char *run_dir)
{
    struct stat stat;
    mode_t before = umask(0);
    int made = mkdir(run_dir, RUN_DIR_MODE);
    int error = errno;

    umask(before);
    if (made < 0 && error != EEXIST)
        return strerror(error);
    int dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return strerror(errno);
    int looked = fstat(dir, &stat);
    close(dir);
    if (looked < 0)
        return strerror(errno);
    if (stat.st_uid != 0 && stat.st_uid != geteuid())
        return "it belongs to another user";
    return stat.st_mode & (S_IWGRP | S_IWOTH) ? "others can write to it: chmod go-w" : NULL;
}

static int find_address(struct control *control, const char *run_dir)
{
    const char *why = "there is not enough memory";
    char *text = NULL;
    int result = -1;

    if (asprintf(&text, "unix:%s/" CONTROL_SOCKET, run_dir) < 0)
        text = NULL;
    if (!text || address_parse_listen(text, &control->address, &why) < 0)
        log_write(LOG_LEVEL_ERROR, "control: cannot listen on %s/" CONTROL_SOCKET ": %s", run_dir,
                  why);
    else if ((why = make_run_dir(run_dir)) != NULL)
        log_write(LOG_LEVEL_ERROR,
                  "control: cannot use run_dir %s: %s (make it, as the agent's user's own)",
                  run_dir, why);
    else
        result = 0;
    free(text);
    return result;
}

struct control *control_new(struct event_base *base, struct parachute *parachute,
                            const char *run_dir)
{
    struct control *control = calloc(1, sizeof *control);

    if (!control)
        goto short_of_memory;
    control->parachute = parachute;
    control->fd = -1;
    if (find_address(control, run_dir) < 0)
        goto failed;
    control->fd = listen_open(&control->address, "run-dir");
    if (control->fd < 0)
        goto failed;
    control->resume = evtimer_new(base, on_resume, control);
    control->listener =
        evconnlistener_new(base, on_accept, control, LEV_OPT_CLOSE_ON_EXEC, 0, control->fd);
    if (!control->resume || !control->listener)
        goto short_of_memory;
    evconnlistener_set_error_cb(control->listener, on_accept_error);
    return control;

short_of_memory:
    log_write(LOG_LEVEL_ERROR, "control: out of memory");
failed:
    control_free(control);
    return NULL;
}

void control_free(struct control *control)
{
    if (!control)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        control_client_stop(&control->clients[i]);
    if (control->listener)
        evconnlistener_free(control->listener);
    if (control->resume)
        event_free(control->resume);
    listen_close(control->fd, &control->address);
    free(control);
}
