/*
 * Attempts to connect, each made by a process of its own, that do not do what they are there for.
 * The resolver, the way of their answer and the killing are this file's.
 */
#ifndef TESTS_UNIT_DIALED_H
#define TESTS_UNIT_DIALED_H

#include "tests/unit/adapting.h"
#include "tests/unit/attempt.h"

#include <netdb.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PATIENCE_MS 10000
#define HANG_MOST 16 /* see emitter/push/dial.h */

enum answer { AS_IT_IS, TWICE, WITHOUT };

/* All that both processes see. */
static struct shared {
    volatile pid_t resolving; /* the process that looks up a name; 0: none does */
    volatile bool resolved;   /* it may be told what it is */
    volatile bool stops;      /* looking up a name stops the process */
    volatile bool unkillable; /* as a process is that waits for a disk */
    volatile enum answer answer;
} * shared;

/* Waits until it may tell that every name is 127.0.0.1. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    struct addrinfo *one = calloc(1, sizeof *one + sizeof(struct sockaddr_in));
    struct sockaddr_in *in = (struct sockaddr_in *)(one + 1);

    (void)name;
    (void)hints;
    shared->resolving = getpid();
    if (shared->stops)
        kill(getpid(), SIGSTOP);
    while (!shared->resolved)
        poll(NULL, 0, 1);
    *in = (struct sockaddr_in){.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)strtoul(service, NULL, 10)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *one = (struct addrinfo){.ai_family = AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_protocol = IPPROTO_TCP,
                             .ai_addrlen = sizeof *in,
                             .ai_addr = (struct sockaddr *)in};
    *found = one;
    return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
    free(found);
}

int kill(pid_t pid, int signal)
{
    return shared->unkillable && signal == SIGKILL ? 0 : (int)syscall(SYS_kill, pid, signal);
}

/* With a descriptor twice, or without it. */
ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    const struct cmsghdr *given = CMSG_FIRSTHDR(message);
    struct msghdr other = *message;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(2 * sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};

    if (shared->answer == WITHOUT) {
        other.msg_control = NULL;
        other.msg_controllen = 0;
    } else if (shared->answer == TWICE && given) {
        memcpy(CMSG_DATA(&control.header), CMSG_DATA(given), sizeof(int));
        memcpy(CMSG_DATA(&control.header) + sizeof(int), CMSG_DATA(given), sizeof(int));
        other.msg_control = &control;
        other.msg_controllen = sizeof control.space;
    }
    return syscall(SYS_sendmsg, socket, &other, flags);
}

struct scene {
    struct bench bench;
    struct connector *connector;
    struct attempt attempt;
    int listener;
    size_t descriptors; /* before the first attempt */
    struct event *look; /* now and then, so that bench_until asks */
};

static inline void on_look(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static inline bool is_resolving(void *arg)
{
    (void)arg;
    return shared->resolving != 0;
}

static inline void scene_open(struct scene *scene, bool resolved)
{
    *scene = (struct scene){.listener = listen_on_loopback(INADDR_LOOPBACK, 0, 2 * HANG_MOST)};
    *shared = (struct shared){.resolved = resolved};
    bench_open(&scene->bench, 1, 1);
    scene->connector = connector_new(scene->bench.base);
    scene->look = event_new(scene->bench.base, -1, EV_PERSIST, on_look, NULL);
    scene->descriptors = descriptors();
}

static inline void scene_begin(struct scene *scene, long patience_ms)
{
    shared->resolving = 0;
    open_attempt(&scene->attempt, scene->connector, "graphite.example", port_of(scene->listener),
                 patience_ms);
}

/* Gives the process. */
static inline pid_t scene_begin_to_resolve(struct scene *scene, long patience_ms)
{
    const struct timeval now_and_then = {.tv_usec = 1000};

    scene_begin(scene, patience_ms);
    event_add(scene->look, &now_and_then);
    bench_until(&scene->bench, is_resolving, NULL);
    event_del(scene->look);
    assert_int_not_equal(shared->resolving, getpid());
    return shared->resolving;
}

static inline void scene_fails(struct scene *scene, const char *why)
{
    bench_until(&scene->bench, is_done, &scene->attempt);
    assert_string_equal(scene->attempt.error, why);
}

static inline void scene_connects(struct scene *scene)
{
    shared->resolved = true;
    scene_begin(scene, PATIENCE_MS);
    scene_fails(scene, "");
    connection_close(scene->attempt.connection);
}

/* Neither a process, not even a dead one, nor a descriptor is left. */
static inline void scene_close(struct scene *scene)
{
    bench_until_left(&scene->bench, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(descriptors(), scene->descriptors);
    connector_free(scene->connector);
    event_free(scene->look);
    close(scene->listener);
    bench_close(&scene->bench);
}

#endif
