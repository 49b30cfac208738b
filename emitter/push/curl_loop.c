#include "emitter/push/curl_loop.h"

#include <event2/event.h>

/*
 * Where one of several addresses failed, libcurl 7.88 turns to the next only when it is called
 * again, and asks for no timer: so it is nudged.
 */
static const struct timeval nudge_every = {.tv_usec = 100000};

/* Whether that ended the transfer; the loop may be closed then. */
static void hear(struct curl_loop *loop)
{
    int unused = 0;
    const CURLMsg *message = NULL;

    while ((message = curl_multi_info_read(loop->multi, &unused))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        loop->ended(loop->arg, message->data.result);
        return;
    }
}

static void act(struct curl_loop *loop, curl_socket_t fd, int events)
{
    int unused = 0;

    curl_multi_socket_action(loop->multi, fd, events, &unused);
    hear(loop);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    act(arg, fd,
        ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* Unlike a socket's or a timer's action, this looks at every transfer, due or not. */
static void on_nudge(evutil_socket_t fd, short what, void *arg)
{
    struct curl_loop *loop = arg;
    int unused = 0;

    (void)fd;
    (void)what;
    curl_multi_perform(loop->multi, &unused);
    hear(loop);
}

/* libcurl wants a socket watched, otherwise than before, or no more. `watch` is that socket's. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
    struct curl_loop *loop = arg;
    short events = (short)(((what & CURL_POLL_IN) ? EV_READ : 0) |
                           ((what & CURL_POLL_OUT) ? EV_WRITE : 0) | EV_PERSIST);
    struct event *event = NULL;

    (void)easy;
    if (watch)
        event_free(watch);
    if (what != CURL_POLL_REMOVE) {
        event = event_new(loop->base, fd, events, on_socket, loop);
        if (event && event_add(event, NULL) < 0) {
            event_free(event);
            event = NULL;
        }
    }
    curl_multi_assign(loop->multi, fd, event);
    return what == CURL_POLL_REMOVE || event ? 0 : -1;
}

static int set_timer(CURLM *multi, long wait_ms, void *arg)
{
    const struct curl_loop *loop = arg;
    const struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

    (void)multi;
    if (!loop->timer)
        return 0;
    return wait_ms < 0 ? event_del(loop->timer) : evtimer_add(loop->timer, &wait);
}

int curl_loop_open(struct curl_loop *loop, struct event_base *base, CURL *easy,
                   void (*ended)(void *arg, CURLcode result), void *arg)
{
    *loop = (struct curl_loop){.base = base, .ended = ended, .arg = arg};
    loop->multi = curl_multi_init();
    loop->timer = evtimer_new(base, on_timer, loop);
    loop->nudge = event_new(base, -1, EV_PERSIST, on_nudge, loop);
    if (!loop->multi || !loop->timer || !loop->nudge || event_add(loop->nudge, &nudge_every) < 0)
        return -1;
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    /* Only sets the timer: all else happens on the loop. */
    if (curl_multi_add_handle(loop->multi, easy) != CURLM_OK)
        return -1;
    loop->easy = easy;
    return 0;
}

void curl_loop_rest(struct curl_loop *loop)
{
    if (loop->timer)
        event_free(loop->timer);
    if (loop->nudge)
        event_free(loop->nudge);
    loop->timer = NULL;
    loop->nudge = NULL;
}

void curl_loop_close(struct curl_loop *loop)
{
    curl_loop_rest(loop);
    if (loop->easy)
        curl_multi_remove_handle(loop->multi, loop->easy);
    if (loop->multi)
        curl_multi_cleanup(loop->multi);
    *loop = (struct curl_loop){0};
}
