#include "agent/agent.h"

#include "agent/control/control.h"
#include "agent/loop.h"
#include "agent/pulse.h"
#include "agent/reload.h"
#include "agent/service.h"
#include "agent/signals.h"
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
#include <string.h>

/* A tick that takes so long, or a timer that rings so late, tells of a loop that does not turn. */
#define GRACE_NS (5 * CLOCK_NS_PER_S)

struct agent {
    struct reload *reload;
    const struct config *config;  /* in force */
    const struct config *offered; /* to be so, once all looks are over */
    struct service *service;
    struct event_base *base;
    struct series_table *series;
    struct watch *watch;
    struct emitter *emitter;
    struct control *control; /* NULL: no run_dir, or not open yet */
    struct pulse pulse;
    struct signals signals;
    bool begun;        /* ticks come */
    bool reload_waits; /* until then */
    bool doors_open;
    bool stopping;
    int status;
};

static void leave(void *arg)
{
    const struct agent *agent = arg;

    event_base_loopbreak(agent->base);
}

static void fail(void *arg)
{
    struct agent *agent = arg;

    agent->status = 1;
    leave(agent);
}

/* The emitter gives unsent snapshots one last second; a second signal does not wait for that. */
static void stop(struct agent *agent, const char *why)
{
    if (agent->stopping) {
        leave(agent);
        return;
    }
    agent->stopping = true;
    log_write(LOG_LEVEL_INFO, "stopping: %s", why);
    service_stopping(agent->service);
    pulse_close(&agent->pulse);
    emitter_stop(agent->emitter, leave, agent);
}

static void on_signal(int number, short what, void *arg)
{
    struct agent *agent = arg;
    const char *end = signals_end(&agent->signals, number);

    (void)what;
    if (end)
        stop(agent, end);
    else if (agent->begun && !agent->stopping)
        reload_ask(agent->reload);
    else
        agent->reload_waits = true;
}

/* The doors open on the first snapshot, so that no answer is ever empty. */
static void open_doors(struct agent *agent)
{
    agent->doors_open = true;
    if (emitter_open(agent->emitter) < 0) {
        fail(agent);
        return;
    }
    welcome_say(agent->config);
    service_ready(agent->service, NULL);
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

static void on_snapshot(void *arg, struct snapshot *snapshot, const struct self_tick *self)
{
    struct agent *agent = arg;

    if (agent->stopping)
        return;
    emitter_emit(agent->emitter, self, snapshot);
    remember(agent, snapshot);
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
    const struct tick slots = tick_make(agent->config->interval_s, agent->config->offset_s);
    watch_start(agent->watch);
    pulse_begin(&agent->pulse, agent->watch, &slots, emitter_newest_s(agent->emitter));
    if (!agent->doors_open && emitter_newest_s(agent->emitter) >= 0)
        open_doors(agent);
    agent->begun = true;
    if (agent->reload_waits)
        reload_ask(agent->reload);
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

static void on_reload(void *arg)
{
    const struct agent *agent = arg;

    if (agent->doors_open && !agent->stopping) /* else it is still starting, to whom it concerns */
        service_reloading(agent->service);
}

/* The doors first: that a port is taken is what may well go wrong. -2: half of it was done. */
static int adapt(struct agent *agent, const struct config *next)
{
    struct emitter_options options = wire_emitter(next);

    if (emitter_adapt(agent->emitter, &options) < 0)
        return -1;
    int result = watch_adapt(agent->watch, next);
    if (result != -1)
        return result;
    options = wire_emitter(agent->config);
    return emitter_adapt(agent->emitter, &options) < 0 ? -2 : -1;
}

/* Nothing is under way that the change could take the ground from. */
static void take(void *arg)
{
    struct agent *agent = arg;
    const struct config *next = agent->offered;

    if (agent->stopping)
        return;
    int result = adapt(agent, next);
    if (result < 0) {
        if (result == -1)
            reload_answer(agent->reload, false);
        else
            fail(agent); /* to begin anew is better than half of each */
        return;
    }
    agent->config = next;
    reload_answer(agent->reload, true);
    pulse_adapt(&agent->pulse, next->interval_s, next->offset_s);
}

static void on_offer(void *arg, const struct config *next)
{
    struct agent *agent = arg;

    agent->offered = next;
    watch_rest(agent->watch, take, agent);
}

static void on_reloaded(void *arg, const struct emitter_reloads *reloads)
{
    struct agent *agent = arg;

    emitter_tell_reloads(agent->emitter, reloads);
    if (agent->doors_open && !agent->stopping)
        service_ready(agent->service, reloads->error);
}

/* Asked by the service manager's watchdog. */
static bool is_well(void *arg)
{
    const struct agent *agent = arg;

    return !watch_overdue(agent->watch, GRACE_NS) && !pulse_overdue(&agent->pulse, GRACE_NS);
}

static int open_rooms(struct agent *agent)
{
    struct emitter_options options = wire_emitter(agent->config);

    agent->watch = watch_new(agent->config, agent->series, agent->base, true);
    if (!agent->watch)
        return -1;
    options.ready = on_ready;
    options.failed = fail;
    options.arg = agent;
    agent->emitter = emitter_new(agent->base, agent->series, &options);
    return agent->emitter ? 0 : -1;
}

static int agent_open(struct agent *agent, struct config *config, const struct reload_line *line)
{
    const struct reload_heard heard = {
        .begins = on_reload, .offers = on_offer, .over = on_reloaded, .arg = agent};
    const struct pulse_heard pulsing = {.snapshot = on_snapshot, .failed = fail, .arg = agent};

    agent->base = loop_new();
    if (!agent->base || signals_open(&agent->signals, agent->base, on_signal, agent) < 0)
        goto short_of_memory;
    log_start(); /* from here on helpers are started */
    log_write(LOG_LEVEL_INFO, "altimeter %s, libevent %s: %s every %u s", VERSION,
              event_get_version(), config->namespace, config->interval_s);
    agent->reload = reload_new(agent->base, config, line, &heard);
    agent->service = service_new(agent->base, is_well, agent);
    if (!agent->reload || !agent->service)
        goto short_of_memory;
    agent->config = reload_config(agent->reload);
    agent->series = series_table_new(agent->config->namespace);
    if (!agent->series || pulse_open(&agent->pulse, agent->base, &pulsing) < 0)
        goto short_of_memory;
    return open_rooms(agent);

short_of_memory:
    log_write(LOG_LEVEL_ERROR, "cannot start: %s", errno ? strerror(errno) : "out of memory");
    return -1;
}

static void agent_close(struct agent *agent)
{
    pulse_close(&agent->pulse);
    control_free(agent->control);
    emitter_free(agent->emitter);
    watch_free(agent->watch);
    signals_close(&agent->signals);
    service_free(agent->service);
    series_table_free(agent->series);
    reload_free(agent->reload);
    loop_free(agent->base);
}

int agent_run(struct config *config, int argc, char **argv)
{
    struct agent agent = {.status = 1};

    if (agent_open(&agent, config, &(struct reload_line){argc, argv}) == 0) {
        agent.status = 0;
        if (event_base_dispatch(agent.base) < 0)
            agent.status = 1;
    }
    agent_close(&agent);
    log_close();
    return agent.status;
}
