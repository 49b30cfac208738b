/*
 * One attempt to connect with libcurl, on the event loop: the name, the addresses, TLS where it is
 * asked for, and how long each of them may take. emitter/push/connect.h tells what comes of it.
 *
 * libcurl is loaded and initialised with the first attempt of a process, and stays.
 *
 * Errors: -1 where memory is short; all else is told through the callback, that libcurl is missing
 * too. Threads: the loop's thread only.
 */
#ifndef EMITTER_CURL_ATTEMPT_H
#define EMITTER_CURL_ATTEMPT_H

#include "emitter/push/curl_loop.h"

#include <curl/curl.h>
#include <stdbool.h>

struct connection_options;
struct event;
struct event_base;

/* An attempt takes no longer, TLS aside. */
#define CURL_ATTEMPT_WHOLE_MS(patience_ms) ((patience_ms)*12)

/* Connected: the descriptor, which stays libcurl's. Else -1, and the reason as connection_cb has
 * it. */
typedef void curl_attempt_cb(void *arg, int fd, const char *error);

/* All zero: closed. */
struct curl_attempt {
    struct curl_loop loop;
    CURL *easy; /* once connected, the stream */
    struct event *deadline;
    long patience_ms;
    bool tls;
    curl_attempt_cb *done;
    void *arg;
    char tells[CURL_ERROR_SIZE]; /* libcurl's words, or none */
};

/* `done` is called once, never from in here. The options are borrowed during this call. After -1 it
 * is still to be closed. */
int curl_attempt_open(struct curl_attempt *attempt, struct event_base *base,
                      const struct connection_options *options, curl_attempt_cb *done, void *arg);

/* In any state, also once it is connected: the connection is closed then. */
void curl_attempt_close(struct curl_attempt *attempt);

#endif
