/* How a parachute may stand when its operator asks: one disk of each kind. */
#ifndef TESTS_UNIT_STANDING_H
#define TESTS_UNIT_STANDING_H

#include "base/clock.h"
#include "parachute/node.h"
#include "tests/unit/fakeactor.h"

static inline int64_t standing_now_s(void)
{
    return clock_wall_ns() / CLOCK_NS_PER_S;
}

static char *const standing_argv[] = {"/bin/stop", "now", NULL};

/* "a" activated and latched, "b" held off, "c" never seen. */
static inline void standing_begin(struct fake_parachute *on)
{
    char why[OPERATE_WHY_MAX];

    fake_init(on);
    on->options.commands[PLAN_ACTIVATE] =
        (struct order_command){.argv = standing_argv, .retries = 3};
    on->disks[0].rule.latch = true;
    on->disks[1].mount = "/mnt/\tö";
    fake_start(on);
    fake_look(on, 90, 85, -1);
    assert_int_equal(operate_reset(on->parachute, 1, true, why), 0);
    fake.plan = (struct plan){.activated = true, .since_s = standing_now_s() - 200};
    on->parachute->roster.disks[0].since_s = standing_now_s() - 200;
    on->parachute->roster.disks[1].since_s = 0;
}

#endif
