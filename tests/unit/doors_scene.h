/* The doors on a ring with a snapshot, in a directory of their own, and their clients. */
#ifndef TESTS_UNIT_DOORS_SCENE_H
#define TESTS_UNIT_DOORS_SCENE_H

#include "emitter/doors.h"
#include "emitter/emitter.h"
#include "tests/unit/adapting.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>

#define ANY INADDR_ANY
#define LOCAL INADDR_LOOPBACK
#define HTTP "GET /healthz HTTP/1.0\r\n\r\n"

struct scene {
    struct bench bench;
    struct doors *doors;
    char dir[32];
};

static inline char *health(void *arg, bool whole, bool *healthy)
{
    (void)arg;
    (void)whole;
    *healthy = true;
    return strdup("{}");
}

static inline struct emitter_options options_of(const struct address *http,
                                                const struct address *lines)
{
    struct emitter_options options = {.http_max_connections = 8};

    options.http_on = http != NULL;
    options.lines_on = lines != NULL;
    if (http)
        options.http_listen = *http;
    if (lines)
        options.lines_listen = *lines;
    return options;
}

static inline void open_scene(struct scene *scene, const struct address *http,
                              const struct address *lines)
{
    const struct emitter_options options = options_of(http, lines);

    *scene = (struct scene){.dir = "/tmp/doors.XXXXXX"};
    signal(SIGPIPE, SIG_IGN);
    assert_non_null(mkdtemp(scene->dir));
    bench_open(&scene->bench, 4, 2);
    bench_append(&scene->bench);
    scene->doors =
        doors_new(scene->bench.base, scene->bench.ring, scene->bench.series, health, NULL);
    assert_int_equal(doors_open(scene->doors, &options), 0);
}

static inline void close_scene(struct scene *scene)
{
    doors_free(scene->doors);
    bench_close(&scene->bench);
    assert_int_equal(rmdir(scene->dir), 0); /* nothing is left in it */
}

static inline int adapt(const struct scene *scene, const struct address *http,
                        const struct address *lines)
{
    const struct emitter_options options = options_of(http, lines);

    return doors_adapt(scene->doors, &options);
}

/* A path in the scene's directory. */
static inline struct address at_path(const struct scene *scene, const char *name)
{
    struct address address = {.len = sizeof(struct sockaddr_un)};
    struct sockaddr_un *un = (struct sockaddr_un *)&address.sockaddr;

    un->sun_family = AF_UNIX;
    assert_true(snprintf(un->sun_path, sizeof un->sun_path, "%s/%s", scene->dir, name) > 0);
    return address;
}

static inline const char *path_of(const struct address *address)
{
    return ((const struct sockaddr_un *)&address->sockaddr)->sun_path;
}

static inline bool hears(struct scene *scene, const struct address *address, const char *request,
                         const char *answer)
{
    int fd = visit(address);
    bool right =
        fd >= 0 && strncmp(ask_door(&scene->bench, fd, request), answer, strlen(answer)) == 0;

    if (fd >= 0)
        close(fd);
    return right;
}

static inline void assert_heard(struct scene *scene, const struct address *http,
                                const struct address *lines)
{
    if (http)
        assert_true(hears(scene, http, HTTP, "HTTP/1.1 200"));
    if (lines)
        assert_true(hears(scene, lines, "\n", "space.instance."));
}

static inline void assert_refused(const struct address *address)
{
    assert_int_equal(visit(address), -1);
}

/* A client of each door that has been accepted and answered. */
struct guests {
    int http;
    int lines;
};

static inline struct guests invite(struct scene *scene, const struct address *http,
                                   const struct address *lines)
{
    struct guests guests = {visit(http), visit(lines)};

    ask_door(&scene->bench, guests.http, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    ask_door(&scene->bench, guests.lines, "\n");
    return guests;
}

static inline void assert_stayed(struct scene *scene, struct guests guests)
{
    bench_append(&scene->bench);
    doors_notify(scene->doors);
    assert_memory_equal(ask_door(&scene->bench, guests.lines, ""), "space.", 6);
    assert_memory_equal(
        ask_door(&scene->bench, guests.http, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP",
        4);
    assert_int_equal(doors_clients(scene->doors).lines, 1);
}

static inline void dismiss(struct guests guests)
{
    close(guests.http);
    close(guests.lines);
}

static inline bool one_guest_left(void *arg)
{
    struct doors_clients clients = doors_clients(arg);

    return clients.lines == 1;
}

#endif
