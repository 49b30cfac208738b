/*
 * One libcurl transfer on the event loop: a multi handle whose sockets and timers libevent watches.
 *
 * Each transfer has a multi handle of its own: one that is shared also shares libcurl's cache of
 * connections, which closes those that it finds idle or too old, and ours look idle to it.
 *
 * Errors: -1 where memory is short; how the transfer ended is told through the callback. Threads:
 * the loop's thread only.
 */
#ifndef EMITTER_CURL_LOOP_H
#define EMITTER_CURL_LOOP_H

#include <curl/curl.h>

struct event_base;
struct event;

/* All zero: closed. */
struct curl_loop {
    struct event_base *base;
    CURLM *multi;
    CURL *easy;          /* while it is in `multi` */
    struct event *timer; /* libcurl's; NULL while it is at rest */
    struct event *nudge;
    void (*ended)(void *arg, CURLcode result); /* may close the loop */
    void *arg;
};

/*
 * Begins the transfer that `easy` is set up for; `ended` is called once, never from in here. After
 * -1 it is still to be closed.
 */
int curl_loop_open(struct curl_loop *loop, struct event_base *base, CURL *easy,
                   void (*ended)(void *arg, CURLcode result), void *arg);

/* No more timers: the transfer is over, though its socket may live on. */
void curl_loop_rest(struct curl_loop *loop);

/* Takes the transfer out, in any state; `easy` is then the caller's to clean up. */
void curl_loop_close(struct curl_loop *loop);

#endif
