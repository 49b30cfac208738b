/* Who vanished and who only does not read, by what the kernel says; what it says is the test's own.
 */
#include "emitter/push/tcp.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static struct tcp_info now;

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
    (void)fd;
    assert_int_equal(level, IPPROTO_TCP);
    assert_int_equal(option, TCP_INFO);
    assert_int_equal(*len, sizeof now);
    memcpy(value, &now, sizeof now);
    return 0;
}

/* What is asked each second: retransmissions and probes without an answer, ms since the last one.
 */
struct look {
    int64_t at_s;
    uint8_t retransmits;
    uint8_t probes;
    uint32_t last_ack_ms;
    bool vanished;
};

#define LOOKS 12

static const struct {
    const char *what;
    struct look looks[LOOKS]; /* ended by one at 0 s */
} cases[] = {
    {"gone, with bytes under way",
     {{1, 1, 0, 1000, false},
      {4, 4, 0, 4000, false},
      {15, 6, 0, 15000, false},
      {16, 6, 0, 16000, true}}},
    {"gone while idle, bytes came just before keepalive would have ended it",
     {{15, 0, 1, 14800, false},
      {16, 2, 0, 15800, false},
      {17, 3, 0, 16800, false},
      {18, 4, 0, 17800, false},
      {19, 5, 0, 18800, true}}},
    {"does not read, each probe is answered, two minutes apart",
     {{120, 0, 1, 120000, false},
      {121, 0, 0, 1000, false},
      {240, 0, 1, 120000, false},
      {241, 0, 1, 121000, false},
      {242, 0, 0, 1000, false}}},
    {"does not read, and one probe got lost",
     {{120, 0, 1, 120000, false},
      {140, 0, 1, 140000, false},
      {240, 0, 2, 240000, false},
      {241, 0, 0, 1000, false}}},
    {"does not read, and is gone then",
     {{120, 0, 1, 120000, false},
      {123, 0, 2, 123000, false},
      {125, 0, 2, 125000, false},
      {126, 0, 3, 126000, true}}},
    {"a bad line: each packet is lost once or twice",
     {{1, 2, 0, 900, false},
      {2, 0, 0, 10, false},
      {3, 1, 0, 400, false},
      {20, 2, 0, 900, false},
      {21, 1, 0, 300, false},
      {40, 1, 0, 300, false}}},
    {"idle for an hour, a first packet gets lost",
     {{3600, 1, 0, 4900, false}, {3601, 2, 0, 5900, false}, {3602, 0, 0, 10, false}}},
};

static void who_vanished_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t silent_since_ns = 0;

        for (const struct look *look = cases[i].looks; look->at_s > 0; look++) {
            now = (struct tcp_info){.tcpi_retransmits = look->retransmits,
                                    .tcpi_probes = look->probes,
                                    .tcpi_last_ack_recv = look->last_ack_ms};
            if (tcp_vanished(0, look->at_s * CLOCK_NS_PER_S, &silent_since_ns) != look->vanished)
                fail_msg("%s: at %d s", cases[i].what, (int)look->at_s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_vanished_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
