#include "agent/pulse.h"

#include "agent/watch.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void tick(void *arg);

static void on_snapshot(void *arg, struct snapshot *snapshot)
{
    struct pulse *pulse = arg;

    pulse->self.stuck_disks = watch_stuck(pulse->watch);
    pulse->heard.snapshot(pulse->heard.arg, snapshot, &pulse->self);
    pulse->self.duration_ns = clock_mono_ns() - pulse->begun_ns;
    if (pulse->waits)
        tick(pulse);
}

static void look(struct pulse *pulse)
{
    int64_t now_ns = clock_wall_ns();
    int64_t slot_s = 0;
    int64_t step_ns = 0;

    if (!tick_due(&pulse->tick, now_ns, clock_boot_ns(), &slot_s, &step_ns))
        return;
    pulse->self.lateness_ns = now_ns - slot_s * CLOCK_NS_PER_S;
    pulse->begun_ns = clock_mono_ns();
    if (step_ns != 0)
        log_write(LOG_LEVEL_WARNING, "the clock was set %s by %" PRId64 " s",
                  step_ns < 0 ? "back" : "forward",
                  (step_ns < 0 ? -step_ns : step_ns) / CLOCK_NS_PER_S);
    if (watch_tick(pulse->watch, slot_s, on_snapshot, pulse) < 0)
        log_write(LOG_LEVEL_ERROR, "no snapshot for %" PRId64 ": the look was refused", slot_s);
}

static void set_alarm(struct pulse *pulse)
{
    int result = 0;

    do {
        pulse->due_ns = tick_next_ns(&pulse->tick, clock_wall_ns());
        result = alarm_set(&pulse->alarm, pulse->due_ns, pulse->tick.interval_ns);
    } while (result < 0 && errno == ECANCELED);
    if (result == 0)
        return;
    log_write(LOG_LEVEL_ERROR, "cannot set the timer: %s", strerror(errno));
    pulse->heard.failed(pulse->heard.arg);
}

static void tick(void *arg)
{
    struct pulse *pulse = arg;

    log_tend();
    if (!pulse->alarm.event) /* closed */
        return;
    pulse->waits = watch_busy(pulse->watch);
    if (pulse->waits)
        return;
    look(pulse);
    set_alarm(pulse);
}

int pulse_open(struct pulse *pulse, struct event_base *base, const struct pulse_heard *heard)
{
    *pulse = (struct pulse){.heard = *heard};
    return alarm_open(&pulse->alarm, base, tick, pulse);
}

void pulse_begin(struct pulse *pulse, struct watch *watch, const struct tick *slots,
                 int64_t newest_s)
{
    pulse->watch = watch;
    pulse->tick = *slots;
    tick_resume(&pulse->tick, newest_s, clock_wall_ns(), clock_boot_ns());
    tick(pulse);
}

void pulse_adapt(struct pulse *pulse, unsigned interval_s, unsigned offset_s)
{
    tick_adapt(&pulse->tick, interval_s, offset_s);
    tick(pulse);
}

bool pulse_overdue(const struct pulse *pulse, int64_t grace_ns)
{
    return pulse->due_ns != 0 && clock_wall_ns() > pulse->due_ns + grace_ns;
}

void pulse_close(struct pulse *pulse)
{
    alarm_close(&pulse->alarm);
    pulse->waits = false;
    pulse->due_ns = 0;
}
