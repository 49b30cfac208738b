#include "emitter/push/tcp.h"

#include "base/clock.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Idle: a probe after 5 s and one 5 s later; another 5 s without an answer are the end. */
#define KEEPALIVE_S 5
#define KEEPALIVE_PROBES 2

/*
 * The kernel looks at this mark only when it begins a new packet, of up to 64 KiB, and goes on
 * filling that. With a mark at 64 KiB as much as 158 KiB were seen unsent, with this 64 KiB.
 */
#define UNSENT_MARK_BYTES (TCP_UNSENT_MAX_BYTES / 4)

/* The longest pause between retransmissions or probes, where the kernel knows it (6.15). */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif
#define PAUSE_MAX_MS 3000

#define SILENT_MS 16000                    /* since the last answer */
#define UNANSWERED_NS (CLOCK_NS_PER_S * 3) /* since something asks for one: about four tries */
#define PROBES_MIN 2 /* one alone may get lost on the way to a peer that lives */

static void set(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value);
}

void tcp_prepare(int fd, unsigned patience_ms)
{
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_S);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
    set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MARK_BYTES);
    set(fd, IPPROTO_TCP, TCP_RTO_MAX_MS, PAUSE_MAX_MS);
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)patience_ms);
}

void tcp_connected(int fd)
{
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
}

uint64_t tcp_unacked(int fd)
{
    int bytes = 0;

    return ioctl(fd, SIOCOUTQ, &bytes) < 0 || bytes < 0 ? UINT64_MAX : (uint64_t)bytes;
}

bool tcp_vanished(int fd, int64_t now_ns, int64_t *silent_since_ns)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;

    /* Any acknowledgement sets both counters to 0. */
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
        (info.tcpi_retransmits == 0 && info.tcpi_probes < PROBES_MIN)) {
        *silent_since_ns = 0;
        return false;
    }
    if (*silent_since_ns == 0)
        *silent_since_ns = now_ns;
    /* Between two looks an answer may have come and a new probe gone out: the kernel's time tells.
     */
    return now_ns - *silent_since_ns >= UNANSWERED_NS && info.tcpi_last_ack_recv >= SILENT_MS;
}
