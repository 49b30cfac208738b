/*
 * An attempt to connect without TLS, made by a process of its own: that one loads libcurl, makes
 * the attempt (emitter/push/curl_attempt.h), hands the connected socket over, and ends. So nothing
 * of libcurl's, nor of the thirty libraries that come with it, stays in the agent's memory, and a
 * disk that hangs while they are loaded hangs nobody who matters.
 *
 *   agent                      helper, forked for this attempt
 *     |  <-- [the socket] or [why there is none] --  |
 *
 * A helper that says nothing, hangs or cannot be started is an attempt that failed. None is waited
 * for: each is killed when it has answered or nobody wants its answer any more, and looked after
 * until its process is gone; while 16 are not, no more are started.
 *
 * A fork copies the agent's page tables, which takes some 4 ms for each 100 MiB that the ring has.
 * Where the system lets the agent start no process nothing is delivered without TLS.
 *
 * Errors: NULL where memory is short; all else is told through the callback. Threads: the loop's
 * thread only; nothing blocks. Where threads of libcurl's run meanwhile, for a target with TLS, the
 * helper may inherit a lock that one of them holds: then it hangs, and the attempt fails.
 */
#ifndef EMITTER_DIAL_H
#define EMITTER_DIAL_H

struct connection_options;
struct dial;
struct dialer;
struct event_base;

/* Has the helpers, of all attempts on one loop. */
struct dialer *dialer_new(struct event_base *base);

/* After all of its dials. Helpers that are not gone by then are for whoever inherits them: this is
 * for the agent's end. */
void dialer_free(struct dialer *dialer);

/* Connected: the socket, close-on-exec and not blocking, which is the callee's to close. Else -1,
 * and the reason as connection_cb has it. The dial is gone. */
typedef void dial_cb(void *arg, int fd, const char *error);

/*
 * The helper is started when the loop goes on. `done` is called once, never from in here: at the
 * latest 5 s, which are for libcurl to be loaded, after all the time that the attempt itself is
 * given. The options are borrowed during this call; they are without TLS.
 */
struct dial *dial_start(struct dialer *dialer, const struct connection_options *options,
                        dial_cb *done, void *arg);

/* Gives up; `done` is not called any more. */
void dial_end(struct dial *dial);

#endif
