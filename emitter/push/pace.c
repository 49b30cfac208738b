#include "emitter/push/pace.h"

#include "base/clock.h"

#define BURST_NS (CLOCK_NS_PER_MS * 50)
#define LIVE_DEBT_NS (CLOCK_NS_PER_MS * 500)

/* Who waits comes back to half a bucket: not for each single snapshot, and early enough to be a
 * little late without losing any of the rate. */
#define WORTH_WHILE_NS (BURST_NS / 2)

static int64_t cost_ns(const struct pace *pace, size_t lines)
{
    return pace->rate > 0 ? ((int64_t)lines * CLOCK_NS_PER_S + pace->rate - 1) / pace->rate : 0;
}

/* What was saved up longer than the bucket can hold is gone. */
static int64_t paid_ns(const struct pace *pace, int64_t now_ns)
{
    return pace->paid_ns > now_ns - BURST_NS ? pace->paid_ns : now_ns - BURST_NS;
}

void pace_charge_live(struct pace *pace, size_t lines, int64_t now_ns)
{
    int64_t before_ns = paid_ns(pace, now_ns);
    int64_t after_ns = before_ns + cost_ns(pace, lines);
    int64_t most_ns = now_ns + LIVE_DEBT_NS;

    if (after_ns > most_ns)
        after_ns = before_ns > most_ns ? before_ns : most_ns;
    pace->paid_ns = after_ns;
}

void pace_charge_old(struct pace *pace, size_t lines, int64_t now_ns)
{
    pace->paid_ns = paid_ns(pace, now_ns) + cost_ns(pace, lines);
}

void pace_set_rate(struct pace *pace, unsigned rate, int64_t now_ns)
{
    int64_t debt_ns = pace->paid_ns - now_ns;
    int64_t old = pace->rate;

    pace->rate = rate;
    if (debt_ns <= 0 || old == rate)
        return;
    /* In parts, since what a large snapshot costs, times the rate, may be beyond 64 bits. */
    int64_t lines = debt_ns / CLOCK_NS_PER_S * old +
                    (debt_ns % CLOCK_NS_PER_S * old + CLOCK_NS_PER_S - 1) / CLOCK_NS_PER_S;
    pace->paid_ns = now_ns + cost_ns(pace, (size_t)lines);
}

int64_t pace_wait_ns(const struct pace *pace, int64_t now_ns)
{
    if (pace->rate == 0 || pace->paid_ns <= now_ns)
        return 0;
    return pace->paid_ns - now_ns + WORTH_WHILE_NS;
}
