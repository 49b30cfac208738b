#include "emitter/tcp.h"

#include "base/clock.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PATIENCE_NS (CLOCK_NS_PER_S * 20)
#define PATIENCE_MS 20000

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
        (info.tcpi_retransmits == 0 && info.tcpi_probes == 0)) {
        *silent_since_ns = 0;
        return false;
    }
    if (*silent_since_ns == 0)
        *silent_since_ns = now_ns;
    /* Between two looks an answer may have come and a new probe gone out: the kernel's time tells.
     */
    return now_ns - *silent_since_ns >= PATIENCE_NS && info.tcpi_last_ack_recv >= PATIENCE_MS;
}
