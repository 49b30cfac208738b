/*
 * A clerk with a real helper that does what the test tells it. Time runs 64 times faster: what the
 * clerk waits for is waited for, and measured, on the test's own clock.
 */
#ifndef TESTS_UNIT_CLERKED_H
#define TESTS_UNIT_CLERKED_H

#include "base/clock.h"
#include "parachute/keep/clerk.h"
#include "parachute/waits.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SPEED 64
#define LIMIT_S 30 /* real ones: for a test that fails */

static inline int64_t real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

int64_t clock_mono_ns(void)
{
    return real_ns() * SPEED;
}

static int64_t set_for_ns; /* what the timer was last set for, or a little less */

int timerfd_settime(int fd, int flags, const struct itimerspec *new_value,
                    struct itimerspec *old_value)
{
    int64_t ns = new_value->it_value.tv_sec * CLOCK_NS_PER_S + new_value->it_value.tv_nsec;
    int64_t real = (ns + SPEED - 1) / SPEED;
    const struct itimerspec when = {
        .it_value = {.tv_sec = real / CLOCK_NS_PER_S, .tv_nsec = real % CLOCK_NS_PER_S}};

    if (ns != 0)
        set_for_ns = ns - clock_mono_ns();
    return (int)syscall(SYS_timerfd_settime, fd, flags, &when, old_value);
}

static int refused; /* so many more jobs cannot be sent */

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (refused == 0)
        return syscall(SYS_sendmsg, fd, message, flags);
    refused--;
    errno = ENOBUFS;
    return -1;
}

/* What the helper does when it opens, or with a job. */
enum deed { WELL, FAIL, HANG, DIE, TALK, LIE, BIG };

/* Shared with the helper. */
struct script {
    enum deed open;
    enum deed job;
    atomic_int failing; /* so many more jobs fail, whatever `job` says */
    char lie[64];       /* a message that no helper would send */
    size_t lie_len;
    sem_t go;           /* for one that hangs */
    atomic_int hanging; /* one that does */
    int hang_error;     /* how that ends */
    atomic_int opens, begun;
    atomic_int pid;
    char last[32]; /* the last job that was begun */
};

struct clerked {
    struct waits *waits;
    struct clerk *clerk;
    struct script *script;
    int opened, opened_error;
    int done, done_error;
    uint64_t number; /* of the last one that was done */
    int64_t done_ns;
    int64_t turn_ns; /* when the last turn began */
    size_t answer_len;
    char answer[32];
    bool free_it;     /* from within the next call */
    const char *give; /* from within the next call */
};

static inline int act(struct script *script, enum deed deed, char *answer, size_t *len)
{
    switch (deed) {
    case FAIL:
        *len = (size_t)sprintf(answer, "no room");
        return ENOSPC;
    case HANG:
        script->hanging++;
        sem_wait(&script->go);
        script->hanging--;
        return script->hang_error;
    case DIE:
        return raise(SIGKILL);
    case TALK:
        *len = (size_t)sprintf(answer, "said");
        return 0;
    case LIE:
        send(STDIN_FILENO, script->lie, script->lie_len, 0);
        return pause(); /* so that it does not end by itself */
    case BIG:
        memset(answer, 'x', CLERK_MESSAGE_MAX);
        *len = CLERK_MESSAGE_MAX;
        return 0;
    default:
        return 0;
    }
}

static inline int helper_open(void *arg, void *answer, size_t *len)
{
    struct script *script = arg;

    script->pid = getpid();
    script->opens++;
    return *len == 0 ? act(script, script->open, answer, len) : EINVAL;
}

static inline int helper_job(void *arg, const void *job, size_t len, void *answer,
                             size_t *answer_len)
{
    struct script *script = arg;
    size_t kept = len < sizeof script->last ? len : sizeof script->last - 1;

    memcpy(script->last, job, kept);
    script->last[kept] = '\0';
    script->begun++;
    if (*answer_len != 0)
        return EINVAL;
    if (script->failing > 0) {
        script->failing--;
        return act(script, FAIL, answer, answer_len);
    }
    return act(script, script->job, answer, answer_len);
}

static inline void in_call(struct clerked *clerked, const void *answer, size_t len)
{
    size_t kept = len < sizeof clerked->answer ? len : sizeof clerked->answer - 1;

    if (kept > 0)
        memcpy(clerked->answer, answer, kept);
    clerked->answer[kept] = '\0';
    clerked->answer_len = len;
    if (clerked->give)
        assert_true(clerk_give(clerked->clerk, clerked->give, strlen(clerked->give)) > 0);
    clerked->give = NULL;
    if (clerked->free_it) {
        clerk_free(clerked->clerk);
        clerked->clerk = NULL;
    }
}

static inline void on_opened(void *arg, int error, const void *answer, size_t len)
{
    struct clerked *clerked = arg;

    clerked->opened++;
    clerked->opened_error = error;
    in_call(clerked, answer, len);
}

static inline void on_done(void *arg, uint64_t number, int error, const void *answer, size_t len)
{
    struct clerked *clerked = arg;

    clerked->done_ns = clock_mono_ns();
    clerked->done++;
    clerked->done_error = error;
    clerked->number = number;
    in_call(clerked, answer, len);
}

static inline struct clerk *clerked_new(struct clerked *clerked)
{
    const struct clerk_work work = {
        .name = "test-clerk", .arg = clerked->script, .open = helper_open, .job = helper_job};
    const struct clerk_heard heard = {.opened = on_opened, .done = on_done, .arg = clerked};

    return clerk_new(clerked->waits, &work, &heard);
}

/* With the deed that comes first. */
static inline void clerked_open(struct clerked *clerked, enum deed open)
{
    *clerked = (struct clerked){.waits = waits_new()};
    clerked->script = mmap(NULL, sizeof *clerked->script, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(clerked->script, MAP_FAILED);
    assert_non_null(clerked->waits);
    sem_init(&clerked->script->go, 1, 0);
    clerked->script->open = open;
    clerked->clerk = clerked_new(clerked);
    assert_non_null(clerked->clerk);
}

/* All that is ready, until then or for a moment. */
static inline void turn(struct clerked *clerked)
{
    struct pollfd fd = {.fd = waits_fd(clerked->waits), .events = POLLIN};

    poll(&fd, 1, 1);
    clerked->turn_ns = clock_mono_ns();
    waits_dispatch(clerked->waits);
}

#define WAIT(clerked, condition)                                                                   \
    do {                                                                                           \
        int64_t wait_end_ns = real_ns() + LIMIT_S * CLOCK_NS_PER_S;                                \
        while (!(condition)) {                                                                     \
            assert_true(real_ns() < wait_end_ns);                                                  \
            turn(clerked);                                                                         \
        }                                                                                          \
    } while (0)

static inline int64_t give(struct clerked *clerked, const char *job)
{
    return clerk_give(clerked->clerk, job, strlen(job));
}

/* All children, those that are about to end and those that are to be ended. */
static inline void bury(void)
{
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

static inline void clerked_close(struct clerked *clerked)
{
    clerk_free(clerked->clerk);
    bury();
    waits_free(clerked->waits);
    munmap(clerked->script, sizeof *clerked->script);
}

static inline int descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

#endif
