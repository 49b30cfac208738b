#include "collector/pool.h"

#include "base/clock.h"
#include "collector/crew.h"
#include "collector/resident.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define STILLBORN_MOST 3

struct pool {
    struct work work;
    struct crew crew;
    struct worker *shared; /* the one that takes all that needs no worker of its own, while busy */
    unsigned stillborn;    /* workers lost in a row that had not begun their batch */
    int timer;             /* watched by the crew's epoll, with data.ptr NULL */
    int64_t timer_ns;      /* what it is set to; 0: nothing */
    bool told;             /* by what pool_watch watches, with this as data.ptr */
    bool working;          /* something was asked or is under way; as of the last dispatch */
};

struct pool *pool_new(void)
{
    struct pool *pool = calloc(1, sizeof *pool);
    struct epoll_event event = {.events = EPOLLIN};

    if (!pool)
        return NULL;
    TAILQ_INIT(&pool->work.queue);
    TAILQ_INIT(&pool->work.answered);
    pool->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (crew_open(&pool->crew) == 0 && pool->timer >= 0 &&
        epoll_ctl(pool->crew.epoll, EPOLL_CTL_ADD, pool->timer, &event) == 0)
        return pool;
    log_write(LOG_LEVEL_ERROR, "disks: %s", strerror(errno));
    pool_free(pool);
    return NULL;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    crew_close(&pool->crew, &pool->work);
    if (pool->timer >= 0)
        close(pool->timer);
    free(pool);
}

int pool_fd(const struct pool *pool)
{
    return pool->crew.epoll;
}

void pool_alarm(struct pool *pool, int64_t at_ns)
{
    for (int i = 0; pool->working && i < CREW_WORKERS; i++) {
        const struct worker *worker = &pool->crew.workers[i];

        if (worker->state == WORKER_BUSY && (at_ns == 0 || worker->check_ns < at_ns))
            at_ns = worker->check_ns;
    }
    if (at_ns == pool->timer_ns)
        return;

    const struct itimerspec when = {
        .it_value = {.tv_sec = at_ns / CLOCK_NS_PER_S, .tv_nsec = at_ns % CLOCK_NS_PER_S}};
    timerfd_settime(pool->timer, TFD_TIMER_ABSTIME, &when, NULL);
    pool->timer_ns = at_ns;
}

int pool_watch(struct pool *pool, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = &pool->told};

    if (epoll_ctl(pool->crew.epoll, EPOLL_CTL_MOD, fd, &event) < 0 &&
        epoll_ctl(pool->crew.epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return -1;
    pool->told = false;
    return 0;
}

bool pool_told(const struct pool *pool)
{
    return pool->told;
}

int pool_join(struct pool *pool, struct probe *probe, uint64_t device)
{
    probe->state = PROBE_IDLE;
    probe->device = devices_hold(&pool->work.devices, device);
    return probe->device ? 0 : -1;
}

void pool_leave(struct pool *pool, struct probe *probe)
{
    if (!probe->device)
        return;
    pool_cancel(pool, probe);
    devices_release(&pool->work.devices, probe->device);
    probe->device = NULL;
}

bool pool_stuck(const struct probe *probe)
{
    return probe->device->worker && probe->device->given_up;
}

size_t pool_stuck_count(const struct pool *pool)
{
    return pool->working ? (size_t)crew_stuck(&pool->crew) : 0;
}

bool pool_ask(struct pool *pool, struct probe *probe, int64_t now_ns)
{
    bool trusted = !probe->device->worker && !probe->device->suspect;
    struct statfs_result result;

    if (probe->resident && trusted && resident_read(probe, now_ns, &result)) {
        probe->device->proven = true;
        work_answer(&pool->work, probe, &result);
        return true;
    }
    probe->state = PROBE_QUEUED;
    TAILQ_INSERT_TAIL(&pool->work.queue, probe, link);
    pool->working = true;
    return false;
}

bool pool_idle(const struct pool *pool)
{
    return !pool->working;
}

void pool_give_up(const struct probe *probe)
{
    const struct worker *worker = probe->device->worker;

    if (worker && worker->state == WORKER_ASIDE)
        probe->device->given_up = true;
}

void pool_cancel(struct pool *pool, struct probe *probe)
{
    if (probe->state == PROBE_QUEUED)
        TAILQ_REMOVE(&pool->work.queue, probe, link);
    else if (probe->state == PROBE_ANSWERED)
        TAILQ_REMOVE(&pool->work.answered, probe, link);
    else if (probe->state == PROBE_RUNNING)
        worker_disown(probe->job->worker, &pool->work, probe->job);
    probe->state = PROBE_IDLE;
}

struct probe *pool_next(struct pool *pool)
{
    struct probe *probe = TAILQ_FIRST(&pool->work.answered);

    if (probe) {
        TAILQ_REMOVE(&pool->work.answered, probe, link);
        probe->state = PROBE_IDLE;
    }
    return probe;
}

static void lose(struct pool *pool, struct worker *worker)
{
    if (worker->state == WORKER_BUSY && board_claimed(worker->board) == 0)
        pool->stillborn++;
    if (pool->shared == worker)
        pool->shared = NULL;
    crew_lose(&pool->crew, &pool->work, worker);
}

static void hear(struct pool *pool, struct worker *worker)
{
    if (worker->state == WORKER_NONE || worker->state == WORKER_LEAVING)
        return; /* ended since it was heard of */

    int heard = helper_listen(&worker->helper);
    if (heard < 0) {
        lose(pool, worker);
    } else if (heard > 0) {
        crew_praise(&pool->crew);
        pool->stillborn = 0;
        if (pool->shared == worker)
            pool->shared = NULL;
        worker_finish(worker, &pool->work);
    }
}

static void take_events(struct pool *pool)
{
    struct epoll_event events[CREW_WORKERS + 2];
    int ready = epoll_wait(pool->crew.epoll, events, CREW_WORKERS + 2, 0);
    uint64_t expirations = 0;

    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr == &pool->told)
            pool->told = true;
        else if (events[i].data.ptr)
            hear(pool, events[i].data.ptr);
        else if (read(pool->timer, &expirations, sizeof expirations) > 0)
            pool->timer_ns = 0;
    }
}

static void check_progress(struct pool *pool)
{
    int64_t now_ns = clock_mono_ns();

    for (int i = 0; i < CREW_WORKERS; i++) {
        struct worker *worker = &pool->crew.workers[i];

        if (worker->state != WORKER_BUSY || now_ns < worker->check_ns)
            continue;
        if (worker_check(worker, &pool->work, now_ns) < 0)
            lose(pool, worker);
        else if (worker->state == WORKER_ASIDE && pool->shared == worker)
            pool->shared = NULL;
    }
}

/* Puts into the batch what goes with `first`, from there on in the queue. */
static void fill(struct pool *pool, struct worker *worker, struct probe *first)
{
    const struct device *alone = first->device->suspect ? first->device : NULL;
    struct probe *following = NULL;

    for (struct probe *probe = first; probe; probe = following) {
        const struct device *device = probe->device;
        bool fits =
            alone ? device == alone
                  : !device->suspect && !device->worker && device->proven == first->device->proven;

        following = TAILQ_NEXT(probe, link);
        if (fits && !worker_take(worker, &pool->work, probe) && worker->count > 0)
            return;
    }
}

/* Starts a batch that begins with this probe, or answers it, or leaves it in the queue. Whether
 * others may have left the queue too. */
static bool serve(struct pool *pool, struct probe *probe)
{
    struct device *device = probe->device;
    int error = 0;

    if (pool_stuck(probe) || pool->stillborn > STILLBORN_MOST) {
        work_fail(&pool->work, probe, pool_stuck(probe) ? ETIMEDOUT : EIO);
        return false;
    }
    if (device->worker || (pool->shared && !device->suspect))
        return false;

    struct worker *worker = crew_hire(&pool->crew, &pool->work, device->proven, &error);
    if (!worker && error)
        work_fail(&pool->work, probe, error);
    if (!worker)
        return false;

    fill(pool, worker, probe);
    if (worker->count == 0)
        return true;
    if (!device->suspect)
        pool->shared = worker;
    worker_go(worker, device->suspect ? device : NULL, clock_mono_ns());
    return true;
}

/* From the start again after each batch, which may have taken any of the others along. */
static void work_queue(struct pool *pool)
{
    struct probe *probe = TAILQ_FIRST(&pool->work.queue);

    while (probe) {
        struct probe *following = TAILQ_NEXT(probe, link);

        probe = serve(pool, probe) ? TAILQ_FIRST(&pool->work.queue) : following;
    }
    if (pool->stillborn > STILLBORN_MOST)
        pool->stillborn = 0; /* enough for this look; the next one tries again */
}

void pool_dispatch(struct pool *pool)
{
    take_events(pool);
    check_progress(pool);
    work_queue(pool);
    crew_trim(&pool->crew, &pool->work);
    pool->working = !TAILQ_EMPTY(&pool->work.queue) || !crew_idle(&pool->crew);
}
