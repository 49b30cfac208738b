#include "collector/worker.h"

#include "base/clock.h"

#include <errno.h>

#define CHECK_NS (20 * CLOCK_NS_PER_MS)
#define LAZY_CHECKS_MOST 25

void work_answer(struct work *work, struct probe *probe, const struct statfs_result *result)
{
    if (probe->state == PROBE_QUEUED)
        TAILQ_REMOVE(&work->queue, probe, link);
    probe->result = *result;
    probe->state = PROBE_ANSWERED;
    TAILQ_INSERT_TAIL(&work->answered, probe, link);
}

void work_fail(struct work *work, struct probe *probe, int error)
{
    const struct statfs_result result = {.outcome = STATFS_FAILED, .error = error};

    work_answer(work, probe, &result);
}

bool worker_take(struct worker *worker, struct work *work, struct probe *probe)
{
    if (worker->count == 0)
        board_clear(worker->board);
    if (board_add(worker->board, probe->path, probe->mount_id) < 0) {
        if (worker->count == 0)
            work_fail(work, probe, ENAMETOOLONG);
        return false;
    }
    TAILQ_REMOVE(&work->queue, probe, link);
    probe->state = PROBE_RUNNING;
    probe->job = &worker->jobs[worker->count++];
    probe->device->holds++;
    *probe->job = (struct job){.worker = worker, .probe = probe, .device = probe->device};
    return true;
}

/* The device's call is the worker's only one from now on. */
static void own(struct worker *worker, struct device *device)
{
    if (worker->device)
        return;
    device->holds++;
    device->worker = worker;
    worker->device = device;
}

void worker_go(struct worker *worker, struct device *alone, int64_t now_ns)
{
    worker->state = WORKER_BUSY;
    worker->delivered = 0;
    worker->noted = 1; /* the first call begins now, so it is overdue at the first check */
    worker->lazy = 0;
    worker->check_ns = now_ns + CHECK_NS;
    if (alone)
        own(worker, alone);
    board_open(worker->board);
    helper_wake(&worker->helper);
}

/* The job is over; its device shows by the result how it is. */
static void settle(struct worker *worker, struct work *work, const struct statfs_result *result)
{
    struct job *job = &worker->jobs[worker->delivered++];

    if (result->outcome == STATFS_OK)
        devices_suspect(&work->devices, job->device, false);
    else if (result->outcome == STATFS_FAILED && worker->state == WORKER_ASIDE)
        devices_suspect(&work->devices, job->device, true);
    if (job->probe)
        work_answer(work, job->probe, result);
    devices_release(&work->devices, job->device);
    *job = (struct job){0};
}

static void deliver(struct worker *worker, struct work *work, uint32_t end)
{
    while (worker->delivered < end) {
        struct statfs_result result = board_result(worker->board, worker->delivered);

        worker->jobs[worker->delivered].device->proven =
            worker->state == WORKER_BUSY || result.outcome == STATFS_OK;
        settle(worker, work, &result);
    }
}

/* Takes all jobs from `first` on out of the batch; those still wanted are first in the queue. */
static void give_back(struct worker *worker, struct work *work, uint32_t first)
{
    while (worker->count > first) {
        struct job *job = &worker->jobs[--worker->count];

        if (job->probe) {
            job->probe->state = PROBE_QUEUED;
            TAILQ_INSERT_HEAD(&work->queue, job->probe, link);
        }
        devices_release(&work->devices, job->device);
        *job = (struct job){0};
    }
}

/* The board is closed with the last of `claimed` jobs under way: the worker has that one only. */
static void set_aside(struct worker *worker, struct work *work, uint32_t claimed)
{
    struct job *job = &worker->jobs[claimed - 1];

    deliver(worker, work, claimed - 1);
    give_back(worker, work, claimed);
    worker->state = WORKER_ASIDE;
    own(worker, job->device);
    job->device->proven = false;
    job->device->given_up = job->device->suspect || !job->probe;
    if (job->device->given_up && job->probe) {
        work_fail(work, job->probe, ETIMEDOUT);
        job->probe = NULL;
    }
}

int worker_check(struct worker *worker, struct work *work, int64_t now_ns)
{
    uint32_t done = board_done(worker->board);
    uint32_t claimed = board_claimed(worker->board);

    worker->check_ns = now_ns + CHECK_NS;
    if (claimed > worker->noted) {
        worker->noted = claimed;
        worker->lazy = 0;
        return 0;
    }
    if (done >= claimed)
        return ++worker->lazy < LAZY_CHECKS_MOST ? 0 : -1;
    if (board_close(worker->board, claimed))
        set_aside(worker, work, claimed);
    return 0;
}

/* Closes the board wherever the helper is by now; gives how many jobs were claimed. */
static uint32_t close_board(struct worker *worker)
{
    uint32_t claimed = board_claimed(worker->board);

    while (!board_close(worker->board, claimed))
        claimed = board_claimed(worker->board);
    return claimed;
}

/* Whether anybody still waits for an answer of this batch. */
static bool wanted(const struct worker *worker)
{
    for (uint32_t i = worker->delivered; i < worker->count; i++)
        if (worker->jobs[i].probe)
            return true;
    return false;
}

void worker_disown(struct worker *worker, struct work *work, struct job *job)
{
    job->probe = NULL;
    if (worker->state == WORKER_ASIDE)
        job->device->given_up = true;
    if (worker->state != WORKER_BUSY || wanted(worker))
        return;

    give_back(worker, work, close_board(worker));
}

/* The worker has nothing to do any more. */
static void empty(struct worker *worker, struct work *work)
{
    if (worker->device) {
        worker->device->worker = NULL;
        worker->device->given_up = false;
        devices_release(&work->devices, worker->device);
    }
    worker->device = NULL;
    worker->count = 0;
}

void worker_finish(struct worker *worker, struct work *work)
{
    deliver(worker, work, board_done(worker->board));
    empty(worker, work);
    worker->state = WORKER_IDLE;
}

int worker_start(struct worker *worker)
{
    worker->board = board_new();
    if (!worker->board)
        return -1;
    if (helper_start(&worker->helper, &(struct helper_work){.name = "altimeter-disk",
                                                            .serve = board_serve,
                                                            .arg = worker->board}) == 0) {
        worker->state = WORKER_IDLE;
        return 0;
    }
    int error = errno;
    board_free(worker->board);
    worker->board = NULL;
    errno = error;
    return -1;
}

void worker_end(struct worker *worker, struct work *work)
{
    const struct statfs_result failed = {.outcome = STATFS_FAILED, .error = EIO};

    if (worker->count > 0) {
        uint32_t claimed = close_board(worker);

        deliver(worker, work, board_done(worker->board));
        if (worker->delivered < claimed)
            settle(worker, work, &failed);
        give_back(worker, work, worker->delivered);
    }
    empty(worker, work);
    helper_end(&worker->helper);
    board_free(worker->board);
    worker->board = NULL;
    worker->state = WORKER_LEAVING;
}
