#include "collector/crew.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Batches that went well before a trouble is taken to be over: one look may lose a helper and find
 * another each time. */
#define BATCHES_TO_TRUST 60

/* Not watched any more even where a child that was just forked still has the socket open. */
static void end(struct crew *crew, struct work *work, struct worker *worker)
{
    epoll_ctl(crew->epoll, EPOLL_CTL_DEL, worker->helper.fd, NULL);
    worker_end(worker, work);
}

static int start(struct crew *crew, struct work *work, struct worker *worker)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};

    if (worker_start(worker) < 0)
        return -1;
    if (epoll_ctl(crew->epoll, EPOLL_CTL_ADD, worker->helper.fd, &event) == 0)
        return 0;

    int error = errno;
    end(crew, work, worker);
    errno = error;
    return -1;
}

int crew_open(struct crew *crew)
{
    crew->epoll = epoll_create1(EPOLL_CLOEXEC);
    return crew->epoll < 0 ? -1 : 0;
}

static void reap(struct crew *crew)
{
    for (int i = 0; i < CREW_WORKERS; i++) {
        struct worker *worker = &crew->workers[i];

        if (worker->state == WORKER_LEAVING && helper_reap(&worker->helper))
            worker->state = WORKER_NONE;
    }
}

void crew_close(struct crew *crew, struct work *work)
{
    for (int i = 0; i < CREW_WORKERS; i++) {
        struct worker *worker = &crew->workers[i];

        if (worker->state != WORKER_NONE && worker->state != WORKER_LEAVING)
            end(crew, work, worker);
    }
    reap(crew);
    if (crew->epoll >= 0)
        close(crew->epoll);
}

static int count(const struct crew *crew, enum worker_state state)
{
    int total = 0;

    for (int i = 0; i < CREW_WORKERS; i++)
        total += crew->workers[i].state == state;
    return total;
}

static struct worker *find(struct crew *crew, enum worker_state state)
{
    for (int i = 0; i < CREW_WORKERS; i++)
        if (crew->workers[i].state == state)
            return &crew->workers[i];
    return NULL;
}

int crew_stuck(const struct crew *crew)
{
    int total = 0;

    for (int i = 0; i < CREW_WORKERS; i++)
        if (crew->workers[i].state == WORKER_ASIDE && crew->workers[i].device->given_up)
            total++;
    return total;
}

/* Places that will not be free in time: their calls were given up, or their helpers are not reaped.
 */
static int lost_places(const struct crew *crew)
{
    return count(crew, WORKER_LEAVING) + crew_stuck(crew);
}

bool crew_idle(const struct crew *crew)
{
    return count(crew, WORKER_NONE) + count(crew, WORKER_IDLE) == CREW_WORKERS;
}

struct worker *crew_hire(struct crew *crew, struct work *work, bool proven, int *error)
{
    int places = proven ? CREW_WORKERS : CREW_WORKERS - 1;
    struct worker *worker = find(crew, WORKER_IDLE);

    if (CREW_WORKERS - count(crew, WORKER_IDLE) - count(crew, WORKER_NONE) >= places) {
        *error = lost_places(crew) >= places ? EBUSY : 0;
        return NULL;
    }
    if (worker)
        return worker;
    worker = find(crew, WORKER_NONE);
    if (start(crew, work, worker) == 0)
        return worker;
    *error = errno;
    log_complain(&crew->complaint, LOG_LEVEL_WARNING, "disks: cannot start a helper: %s",
                 strerror(*error));
    return NULL;
}

void crew_lose(struct crew *crew, struct work *work, struct worker *worker)
{
    crew->batches_since = 0;
    log_complain(&crew->complaint, LOG_LEVEL_WARNING, "disks: a helper was lost");
    end(crew, work, worker);
}

void crew_praise(struct crew *crew)
{
    if (crew->batches_since < BATCHES_TO_TRUST)
        crew->batches_since++;
    else
        log_relieve(&crew->complaint, "disks: helpers work again");
}

void crew_trim(struct crew *crew, struct work *work)
{
    size_t idle = (size_t)count(crew, WORKER_IDLE);

    for (; count(crew, WORKER_BUSY) == 0 && idle > 1 + work->devices.suspects; idle--)
        end(crew, work, find(crew, WORKER_IDLE));
    reap(crew);
}
