#include "emitter/ring/scribe_link.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>

#define MESSAGES_A_TURN 16

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct scribe_link *link = arg;

    (void)what;
    for (unsigned i = 0; i < MESSAGES_A_TURN && link->readable; i++) {
        ssize_t got = scribe_receive(fd, &link->message, MSG_DONTWAIT);

        if (got < 0 && errno == EAGAIN)
            return;
        link->heard(link->arg, got > 0 ? &link->message : NULL);
        if (got <= 0)
            return;
    }
}

int scribe_link_start(struct scribe_link *link, struct event_base *base,
                      struct scribe_options *options, scribe_link_cb *heard, void *arg)
{
    if (helper_start(&link->helper, &(struct helper_work){.name = "altimeter-ring",
                                                          .outlives = true,
                                                          .serve = scribe_serve,
                                                          .arg = options}) < 0)
        return -1;
    link->heard = heard;
    link->arg = arg;
    link->readable = event_new(base, link->helper.fd, EV_READ | EV_PERSIST, on_readable, link);
    if (link->readable && event_add(link->readable, NULL) == 0)
        return 0;
    scribe_link_end(link);
    errno = ENOMEM;
    return -1;
}

void scribe_link_send(struct scribe_link *link)
{
    scribe_send(link->helper.fd, &link->message);
}

static void forget(struct scribe_link *link)
{
    if (link->readable)
        event_free(link->readable);
    link->readable = NULL;
}

void scribe_link_end(struct scribe_link *link)
{
    forget(link);
    helper_end(&link->helper);
}

void scribe_link_leave(struct scribe_link *link)
{
    forget(link);
    helper_leave(&link->helper);
}

bool scribe_link_reap(struct scribe_link *link)
{
    return helper_reap(&link->helper);
}
