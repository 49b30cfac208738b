/*
 * The process that connects: what becomes of an attempt when it does not do what it is there for,
 * and that nothing of it stays. The resolver, the way of its answer and the killing are the test's
 * own.
 */
#include "tests/unit/adapting.h"
#include "tests/unit/attempt.h"

#include <netdb.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static bool is_resolving(void *arg)
{
    (void)arg;
    return shared->resolving != 0;
}

static void scene_open(struct scene *scene, bool resolved)
{
    *scene = (struct scene){.listener = listen_on_loopback(INADDR_LOOPBACK, 0, 2 * HANG_MOST)};
    *shared = (struct shared){.resolved = resolved};
    bench_open(&scene->bench, 1, 1);
    scene->connector = connector_new(scene->bench.base);
    scene->look = event_new(scene->bench.base, -1, EV_PERSIST, on_look, NULL);
    scene->descriptors = descriptors();
}

static void scene_begin(struct scene *scene, long patience_ms)
{
    shared->resolving = 0;
    open_attempt(&scene->attempt, scene->connector, "graphite.example", port_of(scene->listener),
                 patience_ms);
}

/* Gives the process. */
static pid_t scene_begin_to_resolve(struct scene *scene, long patience_ms)
{
    const struct timeval now_and_then = {.tv_usec = 1000};

    scene_begin(scene, patience_ms);
    event_add(scene->look, &now_and_then);
    bench_until(&scene->bench, is_resolving, NULL);
    event_del(scene->look);
    assert_int_not_equal(shared->resolving, getpid());
    return shared->resolving;
}

static void scene_fails(struct scene *scene, const char *why)
{
    bench_until(&scene->bench, is_done, &scene->attempt);
    assert_string_equal(scene->attempt.error, why);
}

static void scene_connects(struct scene *scene)
{
    shared->resolved = true;
    scene_begin(scene, PATIENCE_MS);
    scene_fails(scene, "");
    connection_close(scene->attempt.connection);
}

/* Neither a process, not even a dead one, nor a descriptor is left. */
static void scene_close(struct scene *scene)
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

static void one_that_is_killed_is_an_attempt_that_failed(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, false);
    kill(scene_begin_to_resolve(&scene, PATIENCE_MS), SIGKILL);
    scene_fails(&scene, "the process that was to connect has died");
    scene_connects(&scene);
    scene_close(&scene);
}

static void one_that_hangs_is_given_up(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, false);
    shared->stops = true;
    scene_begin(&scene, 100);
    scene_fails(&scene, "the process that was to connect hangs: does a disk?");
    shared->stops = false;
    scene_connects(&scene);
    scene_close(&scene);
}

/* Until they are gone no more are started, however many attempts there are. */
static void only_so_many_hang_at_once(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, false);
    shared->unkillable = true;
    for (int i = 0; i < HANG_MOST; i++) {
        scene_begin_to_resolve(&scene, PATIENCE_MS);
        connection_close(scene.attempt.connection);
    }
    for (int i = 0; i < 3; i++) {
        scene_begin(&scene, PATIENCE_MS);
        scene_fails(&scene, "too many processes that were to connect hang: does a disk?");
        assert_int_equal(shared->resolving, 0);
    }
    shared->resolved = true; /* the call that hung returns, in all of them */
    bench_until_left(&scene.bench, 0);
    scene_connects(&scene);
    shared->unkillable = false;
    scene_close(&scene);
}

static void one_that_nobody_waits_for_is_ended(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, false);
    scene_begin_to_resolve(&scene, PATIENCE_MS);
    connection_close(scene.attempt.connection);
    bench_until_left(&scene.bench, 0);
    shared->resolved = true; /* too late */
    scene_begin(&scene, PATIENCE_MS);
    connection_close(scene.attempt.connection); /* before there is one */
    assert_int_equal(shared->resolving, 0);
    scene_close(&scene);
}

/* It is on the way already, with the connection, or about to be. */
static void an_answer_that_nobody_takes_leaves_nothing(void **state)
{
    struct pollfd accepts;
    char byte = 0;
    struct scene scene;

    (void)state;
    scene_open(&scene, true);
    scene_begin_to_resolve(&scene, PATIENCE_MS);
    accepts = (struct pollfd){.fd = scene.listener, .events = POLLIN};
    assert_int_equal(poll(&accepts, 1, BENCH_GUARD_S * 1000), 1);
    connection_close(scene.attempt.connection);
    int peer = accept4(scene.listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(recv(peer, &byte, 1, 0) <= 0); /* nobody has the other end any more */
    close(peer);
    scene_close(&scene);
}

static void without_a_descriptor_there_is_no_process(void **state)
{
    struct rlimit usual;
    struct scene scene;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &usual);
    scene_open(&scene, true);
    scene_begin(&scene, PATIENCE_MS);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 0, .rlim_max = usual.rlim_max});
    scene_fails(&scene, "cannot start a process to connect: Too many open files");
    setrlimit(RLIMIT_NOFILE, &usual);
    scene_connects(&scene);
    scene_close(&scene);
}

/* It connects; there is none left to take the connection. */
static void without_a_descriptor_nothing_is_handed_over(void **state)
{
    struct rlimit usual;
    struct scene scene;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &usual);
    scene_open(&scene, false);
    scene_begin_to_resolve(&scene, PATIENCE_MS);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 0, .rlim_max = usual.rlim_max});
    shared->resolved = true;
    scene_fails(&scene, "no descriptor is left for the connection");
    setrlimit(RLIMIT_NOFILE, &usual);
    scene_connects(&scene);
    scene_close(&scene);
}

static void exactly_one_descriptor_is_taken(void **state)
{
    const enum answer answers[] = {TWICE, WITHOUT};

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct scene scene;

        scene_open(&scene, true);
        shared->answer = answers[i];
        scene_begin(&scene, PATIENCE_MS);
        scene_fails(&scene, "no descriptor is left for the connection");
        shared->answer = AS_IT_IS;
        scene_connects(&scene);
        scene_close(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_killed_is_an_attempt_that_failed),
        cmocka_unit_test(one_that_hangs_is_given_up),
        cmocka_unit_test(only_so_many_hang_at_once),
        cmocka_unit_test(one_that_nobody_waits_for_is_ended),
        cmocka_unit_test(an_answer_that_nobody_takes_leaves_nothing),
        cmocka_unit_test(without_a_descriptor_there_is_no_process),
        cmocka_unit_test(without_a_descriptor_nothing_is_handed_over),
        cmocka_unit_test(exactly_one_descriptor_is_taken),
    };

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
