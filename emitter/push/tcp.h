/*
 * What the kernel knows about a TCP connection and the stream of bytes does not show, and what it
 * is told to do for one.
 *
 * A peer that vanished without a word is found in two ways, since keepalive rests while bytes are
 * unacknowledged: on an idle connection the kernel's keepalive ends it with ETIMEDOUT after 15 s;
 * while bytes are under way tcp_vanished tells. Together at most 20 s after its last answer, where
 * tcp_vanished is asked within 5 s after bytes went out, and then every second. The one exception:
 * a peer with a closed window is only probed now and then, before Linux 6.15 every two minutes at
 * worst, and it takes two probes.
 *
 * Errors: none; what the kernel does not know is left out, what cannot be read counts as not
 * acknowledged, and as not vanished. Threads: any.
 */
#ifndef EMITTER_TCP_H
#define EMITTER_TCP_H

#include <stdbool.h>
#include <stdint.h>

/* What the socket of a connection never holds more than, of bytes not sent yet. */
#define TCP_UNSENT_MAX_BYTES (128 * 1024)

/*
 * Before the connect: keepalive, a bound on what is unsent, and `patience_ms` for the connect,
 * which then fails with ETIMEDOUT (not before 1 s: the kernel's first look).
 */
void tcp_prepare(int fd, unsigned patience_ms);

/* After the connect: no such patience any more, which would end peers that only do not read. */
void tcp_connected(int fd);

/*
 * How many of the bytes written the peer's TCP has not acknowledged, those not sent yet among them.
 * Also answers after a reset, as of then. Where TLS lies between, see connection_unacked.
 */
uint64_t tcp_unacked(int fd);

/*
 * Whether the peer has answered nothing at all for 16 s, although data or probes are out: its host
 * or the way there is gone. One that only does not read answers each probe and is there, be it for
 * hours. Asked repeatedly; `*silent_since_ns` (monotonic) is kept between, 0 at first.
 */
bool tcp_vanished(int fd, int64_t now_ns, int64_t *silent_since_ns);

#endif
