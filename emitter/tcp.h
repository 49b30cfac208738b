/*
 * What the kernel knows about a TCP connection and the stream of bytes does not show.
 *
 * Errors: none; what cannot be read counts as not acknowledged, and as not vanished. Threads: any.
 */
#ifndef EMITTER_TCP_H
#define EMITTER_TCP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many of the bytes written the peer's TCP has not acknowledged, those not sent yet among them.
 * Also answers after a reset, as of then.
 */
uint64_t tcp_unacked(int fd);

/*
 * Whether the peer has answered nothing at all for 20 s, although data or probes were out all that
 * time: its host or the way there is gone. One that only does not read answers each probe and is
 * there, be it for hours. Asked repeatedly; `*silent_since_ns` (monotonic) is kept between, 0 at
 * first.
 */
bool tcp_vanished(int fd, int64_t now_ns, int64_t *silent_since_ns);

#endif
