#include "agent/agent.h"

#include "agent/tick.h"
#include "agent/watch.h"
#include "agent/welcome.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/series.h"
#include "emitter/emitter.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct agent {
    const struct config *config;
    struct event_base *base;
    struct series_table *series;
    struct watch *watch;
    struct emitter *emitter;
    struct tick tick;
    struct self_tick self; /* of the tick that is under way, and how long the one before took */
    int64_t begun_ns;      /* that tick; monotonic */
    bool tick_waits;       /* a tick is due as soon as the one under way is over */
    int timer_fd;          /* on the wall clock; also readable when that is set */
    struct event *timer_event;
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
    event_del(agent->timer_event);
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

static void arm_timer(struct agent *agent)
{
    int64_t next_ns = tick_next_ns(&agent->tick, clock_wall_ns());
    const struct itimerspec at = {
        .it_value = {.tv_sec = next_ns / CLOCK_NS_PER_S, .tv_nsec = next_ns % CLOCK_NS_PER_S}};

    if (timerfd_settime(agent->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) ==
        0)
        return;
    log_write(LOG_LEVEL_ERROR, "cannot set the timer: %s", strerror(errno));
    fail(agent);
}

/* A tick that is due while the one before is under way waits for its end; its slot is not lost. */
static void tick(struct agent *agent)
{
    agent->tick_waits = watch_busy(agent->watch);
    if (agent->tick_waits)
        return;
    look(agent);
    arm_timer(agent);
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

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct agent *agent = arg;
    uint64_t expirations = 0;

    (void)what;
    /* ECANCELED tells that the clock was set: then, too, it is time to ask whether a tick is due.
     */
    if (read(fd, &expirations, sizeof expirations) < 0 && errno == EAGAIN)
        return;
    tick(agent);
}

/* The ring has what its file had, so the slot that is running may be in it. */
static void on_ready(void *arg)
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

static void on_failed(void *arg)
{
    fail(arg);
}

static int open_timer(struct agent *agent)
{
    agent->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (agent->timer_fd < 0)
        return -1;
    agent->timer_event =
        event_new(agent->base, agent->timer_fd, EV_READ | EV_PERSIST, on_timer, agent);
    return agent->timer_event ? event_add(agent->timer_event, NULL) : -1;
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

static struct emitter *make_emitter(struct agent *agent)
{
    const struct config *config = agent->config;

    return emitter_new(agent->base, agent->series,
                       &(struct emitter_options){
                           .history = config->history,
                           .interval_s = config->interval_s,
                           .version = VERSION,
                           .instance_id = config->instance_id,
                           .http_on = config->http_on,
                           .http_listen = config->http_listen,
                           .http_max_connections = config->http_max_connections,
                           .http_token = config->http_token,
                           .lines_on = config->lines_on,
                           .lines_listen = config->lines_listen,
                           .targets = config->targets,
                           .target_count = config->target_count,
                           .state_dir = config->state_dir,
                           .state_size_bytes = config->state_size_bytes,
                           .sync_ms = config->sync_ms,
                           .self_metrics = config->self_metrics,
                           .ready = on_ready,
                           .failed = on_failed,
                           .arg = agent,
                       });
}

static int agent_open(struct agent *agent)
{
    agent->base = event_base_new();
    agent->series = series_table_new(agent->config->namespace);
    if (!agent->base || !agent->series || open_signals(agent) < 0)
        goto short_of_memory;
    agent->watch = watch_new(agent->config, agent->series, agent->base);
    if (!agent->watch)
        return -1;
    agent->emitter = make_emitter(agent);
    if (!agent->emitter)
        return -1;
    agent->tick = tick_make(agent->config->interval_s, agent->config->offset_s);
    if (open_timer(agent) < 0)
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
    if (agent->timer_event)
        event_free(agent->timer_event);
    if (agent->timer_fd >= 0)
        close(agent->timer_fd);
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
    struct agent agent = {.config = config, .timer_fd = -1, .status = 1};

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
