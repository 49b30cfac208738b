/*
 * A pulse in a made-up time: clocks, timer and watch are this file's. The timer behaves as the
 * kernel's (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET): when the clock was set a read, or else the
 * next setting, fails with ECANCELED, and such a read does not start an expired timer anew.
 */
#ifndef TESTS_UNIT_PULSED_H
#define TESTS_UNIT_PULSED_H

#include "agent/pulse.h"
#include "agent/watch.h"
#include "base/clock.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define INTERVAL_S INT64_C(10)
#define BASE_S INT64_C(1594380600)
#define S CLOCK_NS_PER_S
#define SLOTS_MAX 256

struct event {
    event_callback_fn call;
    void *arg;
};

static struct pulsed {
    int64_t wall_ns, boot_ns;
    struct event timer; /* what waits for it */
    int timer_fd;       /* the only one */
    int64_t at_ns, every_ns;
    bool armed, canceled;
    uint64_t ticks;
    int settings; /* how often the timer was set, */
    int refuses;  /* and what that fails with; 0: it does not */

    struct snapshot snapshot; /* of the tick that is under way */
    void (*done)(void *arg, struct snapshot *snapshot);
    void *arg;
    bool busy, hangs; /* a tick is under way; and stays so */

    struct pulse pulse;
    int64_t slots[SLOTS_MAX]; /* those of the ticks, since BASE_S */
    size_t count;
    int64_t last_s;
    bool set_back; /* the clock was, since that one */
    int failed;
} pulsed;

static int64_t pulsed_meanwhile_ns; /* while the timer is set next, the clock is, by so much */

int64_t clock_wall_ns(void)
{
    return pulsed.wall_ns;
}

int64_t clock_boot_ns(void)
{
    return pulsed.boot_ns;
}

int64_t clock_mono_ns(void)
{
    return pulsed.boot_ns;
}

/* The timer expires where it is due, and nobody has noticed yet. */
static inline void pulsed_expire(void)
{
    if (!pulsed.armed || pulsed.at_ns > pulsed.wall_ns)
        return;
    pulsed.armed = false;
    pulsed.ticks = 1;
}

static inline void pulsed_pass(int64_t ns)
{
    pulsed.wall_ns += ns;
    pulsed.boot_ns += ns;
    pulsed_expire();
}

static inline void pulsed_set_clock(int64_t by_ns)
{
    pulsed.wall_ns += by_ns;
    pulsed.canceled = true;
    pulsed.set_back |= by_ns < 0;
    pulsed_expire();
}

int timerfd_create(clockid_t clock, int flags)
{
    assert_int_equal(clock, CLOCK_REALTIME);
    assert_true(flags & TFD_NONBLOCK);
    pulsed.timer_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return pulsed.timer_fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
    assert_int_equal(fd, pulsed.timer_fd);
    assert_int_equal(flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    assert_null(old);
    pulsed.settings++;
    if (pulsed.refuses != 0) {
        errno = pulsed.refuses;
        return -1;
    }
    if (pulsed_meanwhile_ns != 0)
        pulsed_set_clock(pulsed_meanwhile_ns);
    pulsed_meanwhile_ns = 0;
    pulsed.at_ns = new->it_value.tv_sec *S + new->it_value.tv_nsec;
    pulsed.every_ns = new->it_interval.tv_sec *S + new->it_interval.tv_nsec;
    pulsed.armed = true;
    pulsed.ticks = 0;
    if (!pulsed.canceled)
        return 0;
    pulsed.canceled = false;
    errno = ECANCELED;
    return -1;
}

static inline ssize_t pulsed_read_timer(uint64_t *expirations)
{
    bool expired = pulsed.ticks > 0;

    *expirations = pulsed.ticks;
    pulsed.ticks = 0;
    if (pulsed.canceled || !expired) {
        errno = pulsed.canceled ? ECANCELED : EAGAIN;
        pulsed.canceled = false;
        return -1;
    }
    for (pulsed.at_ns += pulsed.every_ns; pulsed.at_ns <= pulsed.wall_ns; ++*expirations)
        pulsed.at_ns += pulsed.every_ns;
    pulsed.armed = true;
    return sizeof *expirations;
}

ssize_t read(int fd, void *bytes, size_t len)
{
    return fd == pulsed.timer_fd ? pulsed_read_timer(bytes) : syscall(SYS_read, fd, bytes, len);
}

struct event *event_new(struct event_base *base, evutil_socket_t fd, short what,
                        event_callback_fn call, void *arg)
{
    (void)base;
    assert_int_equal(fd, pulsed.timer_fd);
    assert_int_equal(what, EV_READ | EV_PERSIST);
    pulsed.timer = (struct event){.call = call, .arg = arg};
    return &pulsed.timer;
}

int event_add(struct event *event, const struct timeval *wait)
{
    assert_ptr_equal(event, &pulsed.timer);
    assert_null(wait);
    return 0;
}

void event_free(struct event *event)
{
    assert_ptr_equal(event, &pulsed.timer);
    pulsed.timer = (struct event){0};
}

static inline void pulsed_end_tick(void)
{
    pulsed.busy = false;
    pulsed.done(pulsed.arg, &pulsed.snapshot);
}

int watch_tick(struct watch *watch, int64_t slot_s,
               void (*done)(void *arg, struct snapshot *snapshot), void *arg)
{
    (void)watch;
    assert_false(pulsed.busy);
    snapshot_clear(&pulsed.snapshot, slot_s);
    pulsed.busy = true;
    pulsed.done = done;
    pulsed.arg = arg;
    if (!pulsed.hangs)
        pulsed_end_tick();
    return 0;
}

bool watch_busy(const struct watch *watch)
{
    (void)watch;
    return pulsed.busy;
}

size_t watch_stuck(const struct watch *watch)
{
    (void)watch;
    return 0;
}

static inline void pulsed_snapshot(void *arg, struct snapshot *snapshot,
                                   const struct self_tick *self)
{
    (void)arg;
    (void)self;
    assert_true(pulsed.set_back || snapshot->timestamp_s > pulsed.last_s);
    assert_true(pulsed.count < SLOTS_MAX);
    pulsed.last_s = snapshot->timestamp_s;
    pulsed.set_back = false;
    pulsed.slots[pulsed.count++] = snapshot->timestamp_s - BASE_S;
}

static inline void pulsed_failed(void *arg)
{
    (void)arg;
    pulsed.failed++;
}

/* At BASE_S; the slot that is running was emitted. */
static inline void pulsed_open(void)
{
    const struct pulse_heard heard = {.snapshot = pulsed_snapshot, .failed = pulsed_failed};
    const struct tick tick = tick_make(INTERVAL_S, 0);

    pulsed = (struct pulsed){.wall_ns = BASE_S * S, .boot_ns = 1000 * S};
    assert_int_equal(pulse_open(&pulsed.pulse, NULL, &heard), 0);
    pulse_begin(&pulsed.pulse, NULL, &tick, -1);
    assert_int_equal(pulsed.count, 1);
    assert_int_equal(pulsed.slots[0], 0);
    pulsed.count = 0;
}

static inline void pulsed_close(void)
{
    pulse_close(&pulsed.pulse);
    assert_null(pulsed.timer.call);
    snapshot_clean(&pulsed.snapshot);
}

static inline void pulsed_turn(void)
{
    if (pulsed.ticks > 0 || pulsed.canceled)
        pulsed.timer.call(pulsed.timer_fd, EV_READ, pulsed.timer.arg);
}

/* The loop waits for the timer, until that time has passed. */
static inline void pulsed_run(int64_t ns)
{
    pulsed_turn();
    while (pulsed.armed && pulsed.at_ns - pulsed.wall_ns <= ns) {
        int64_t wait_ns = pulsed.at_ns > pulsed.wall_ns ? pulsed.at_ns - pulsed.wall_ns : 0;

        pulsed_pass(wait_ns);
        ns -= wait_ns;
        pulsed_turn();
    }
    pulsed_pass(ns);
}

#endif
