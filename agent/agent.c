#include "agent/agent.h"

#include "agent/alarm.h"
#include "agent/control/control.h"
#include "agent/tick.h"
#include "agent/watch.h"
#include "agent/welcome.h"
#include "agent/wire.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/series.h"
#include "emitter/emitter.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

struct agent {
    const struct config *config;
    struct event_base *base;
    struct series_table *series;
    struct watch *watch;
    struct emitter *emitter;
    struct control *control; /* NULL: no run_dir, or not open yet */
    struct tick tick;
    struct self_tick self; /* of the tick that is under way, and how long the one before took */
    int64_t begun_ns;      /* that tick; monotonic */
    bool tick_waits;       /* a tick is due as soon as the one under way is over */
    struct alarm alarm;    /* for the next tick */
    struct event *signal_events[2];
    bool doors_open;
    bool stopping;
    int status;
};

static void leave(void *arg)
{
    const struct agent *agent = arg;

    event_base_loopbreak(agent->base);
}

static void fail(struct agent *agent)
{
    agent->status = 1;
    leave(agent);
}

/* The emitter gives unsent snapshots one last second; a second signal does not wait for that. */
static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct agent *agent = arg;

    (void)what;
    if (agent->stopping) {
        leave(agent);
        return;
    }
    agent->stopping = true;
    log_write(LOG_LEVEL_INFO, "stopping: %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
    alarm_close(&agent->alarm);
    emitter_stop(agent->emitter, leave, agent);
}

static void on_snapshot(void *arg, struct snapshot *snapshot);

static void look(struct agent *agent)
{
    int64_t now_ns = clock_wall_ns();
    int64_t slot_s = 0;
    int64_t step_ns = 0;

    if (!tick_due(&agent->tick, now_ns, clock_boot_ns(), &slot_s, &step_ns))
        return;
    agent->self.lateness_ns = now_ns - slot_s * CLOCK_NS_PER_S;
    agent->begun_ns = clock_mono_ns();
    if (step_ns != 0)
        log_write(LOG_LEVEL_WARNING, "the clock was set %s by %" PRId64 " s",
                  step_ns < 0 ? "back" : "forward",
                  (step_ns < 0 ? -step_ns : step_ns) / CLOCK_NS_PER_S);
    if (watch_tick(agent->watch, slot_s, on_snapshot, agent) < 0)
        log_write(LOG_LEVEL_ERROR, "no snapshot for %" PRId64 ": the look was refused", slot_s);
}

static void set_alarm(struct agent *agent)
{
    if (alarm_set(&agent->alarm, tick_next_ns(&agent->tick, clock_wall_ns())) == 0)
        return;
    log_write(LOG_LEVEL_ERROR, "cannot set the timer: %s", strerror(errno));
    fail(agent);
}

/* A tick that is due while the one before is under way waits for its end; its slot is not lost. */
static void tick(void *arg)
{
    struct agent *agent = arg;

    agent->tick_waits = watch_busy(agent->watch);
    if (agent->tick_waits)
        return;
    look(agent);
    set_alarm(agent);
}

/* The doors open on the first snapshot, so that no answer is ever empty. */
static void open_doors(struct agent *agent)
{
    agent->doors_open = true;
    if (emitter_open(agent->emitter) < 0)
        fail(agent);
    else
        welcome_say(agent->config);
}

static void remember(struct agent *agent, const struct snapshot *snapshot)
{
    if (snapshot->failed) {
        log_write(LOG_LEVEL_ERROR, "the snapshot of %" PRId64 " is lost: out of memory",
                  snapshot->timestamp_s);
        return;
    }
    if (emitter_append(agent->emitter, snapshot) == 0 && !agent->doors_open)
        open_doors(agent);
}

static void on_snapshot(void *arg, struct snapshot *snapshot)
{
    struct agent *agent = arg;

    if (agent->stopping)
        return;
    agent->self.stuck_disks = watch_stuck(agent->watch);
    emitter_emit(agent->emitter, &agent->self, snapshot);
    remember(agent, snapshot);
    agent->self.duration_ns = clock_mono_ns() - agent->begun_ns;
    if (agent->tick_waits)
        tick(agent);
}

/* The operator's way in, which needs no snapshot: while the clock is wrong there is none. */
static int open_control(struct agent *agent)
{
    const char *run_dir = agent->config->run_dir;

    if (run_dir)
        agent->control = control_new(agent->base, watch_parachute(agent->watch), run_dir);
    return run_dir && !agent->control ? -1 : 0;
}

/* The parachute has what it remembers. */
static void begin(void *arg)
{
    struct agent *agent = arg;

    if (agent->stopping)
        return;
    tick_resume(&agent->tick, emitter_newest_s(agent->emitter), clock_wall_ns(), clock_boot_ns());
    watch_start(agent->watch);
    tick(agent);
    if (!agent->doors_open && emitter_newest_s(agent->emitter) >= 0)
        open_doors(agent);
}

/*
 * The ring has what its file had, so the slot that is running may be in it. No other agent has this
 * state_dir, so what the parachute remembers is ours; nor, once our socket stands there, this
 * run_dir, so the markers are.
 */
static void on_ready(void *arg)
{
    struct agent *agent = arg;

    if (agent->stopping)
        return;
    if (open_control(agent) < 0)
        fail(agent);
    else
        watch_load(agent->watch, begin, agent);
}

static void on_failed(void *arg)
{
    fail(arg);
}

static int open_signals(struct agent *agent)
{
    const int numbers[] = {SIGTERM, SIGINT};
    sigset_t ends;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* if it was ignored, helpers would be reaped behind our back */
    sigemptyset(&ends);
    for (size_t i = 0; i < 2; i++) {
        sigaddset(&ends, numbers[i]);
        agent->signal_events[i] = evsignal_new(agent->base, numbers[i], on_signal, agent);
        if (!agent->signal_events[i] || event_add(agent->signal_events[i], NULL) < 0)
            return -1;
    }
    return sigprocmask(SIG_UNBLOCK, &ends, NULL); /* whoever started us may have blocked them */
}

static int agent_open(struct agent *agent)
{
    agent->base = event_base_new();
    agent->series = series_table_new(agent->config->namespace);
    if (!agent->base || !agent->series || open_signals(agent) < 0)
        goto short_of_memory;
    agent->watch = watch_new(agent->config, agent->series, agent->base, true);
    if (!agent->watch)
        return -1;
    agent->emitter = wire_emitter(agent->config, agent->base, agent->series,
                                  &(struct wire_heard){on_ready, on_failed, agent});
    if (!agent->emitter)
        return -1;
    agent->tick = tick_make(agent->config->interval_s, agent->config->offset_s);
    if (alarm_open(&agent->alarm, agent->base, tick, agent) < 0)
        goto short_of_memory;
    return 0;

short_of_memory:
    log_write(LOG_LEVEL_ERROR, "cannot start: %s", errno ? strerror(errno) : "out of memory");
    return -1;
}

/* Whoever is told once more to stop, when that is all but done, still ends with its own status. */
static void close_signals(struct agent *agent)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    for (size_t i = 0; i < 2; i++)
        if (agent->signal_events[i])
            event_free(agent->signal_events[i]);
}

static void agent_close(struct agent *agent)
{
    alarm_close(&agent->alarm);
    control_free(agent->control);
    emitter_free(agent->emitter);
    watch_free(agent->watch);
    close_signals(agent);
    series_table_free(agent->series);
    if (agent->base)
        event_base_free(agent->base);
    libevent_global_shutdown();
}

/* libevent's own words are events like any other. */
static void on_libevent(int severity, const char *text)
{
    log_write(severity >= EVENT_LOG_ERR    ? LOG_LEVEL_ERROR
              : severity == EVENT_LOG_WARN ? LOG_LEVEL_WARNING
                                           : LOG_LEVEL_DEBUG,
              "libevent: %s", text);
}

int agent_run(const struct config *config)
{
    struct agent agent = {.config = config, .status = 1};

    event_set_log_callback(on_libevent);
    log_write(LOG_LEVEL_INFO, "altimeter %s, libevent %s: %s every %u s", VERSION,
              event_get_version(), config->namespace, config->interval_s);
    if (agent_open(&agent) == 0) {
        agent.status = 0;
        if (event_base_dispatch(agent.base) < 0)
            agent.status = 1;
    }
    agent_close(&agent);
    return agent.status;
}
