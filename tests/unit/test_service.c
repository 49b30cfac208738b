/* What the service manager is told, and when: on a socket of the test's own. */
#include "agent/service.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PERIOD_US "40000" /* of the watchdog; a beat is a quarter of it */

struct scene {
    struct event_base *base;
    struct service *service;
    int manager; /* its socket */
    bool well;
    unsigned asked; /* whether it is well */
    unsigned stop;  /* the loop, when it was asked so often */
};

static bool is_well(void *arg)
{
    struct scene *scene = arg;

    if (++scene->asked == scene->stop)
        event_base_loopbreak(scene->base);
    return scene->well;
}

static void open_scene(struct scene *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = sizeof address;

    *scene = (struct scene){.well = true, .base = event_base_new()};
    scene->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    /* bound to nothing but its family: the kernel chooses an abstract name */
    assert_int_equal(bind(scene->manager, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(scene->manager, (struct sockaddr *)&address, &len), 0);
    char name[sizeof address.sun_path + 1] = "@";
    memcpy(name + 1, address.sun_path + 1, len - sizeof(sa_family_t) - 1);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", PERIOD_US, 1);
    scene->service = service_new(scene->base, is_well, scene);
    assert_non_null(scene->service);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
}

static void close_scene(struct scene *scene)
{
    service_free(scene->service);
    event_base_free(scene->base);
    close(scene->manager);
}

static void beat(struct scene *scene, unsigned times)
{
    scene->stop = scene->asked + times;
    event_base_dispatch(scene->base);
    /* the beat that broke the loop has still spoken */
}

/* The next message; "" where there is none. */
static const char *heard(const struct scene *scene)
{
    static char text[256];
    ssize_t len = recv(scene->manager, text, sizeof text - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

/* A start that takes long, since the clock is not set, is not taken for a failure. */
static void a_long_start_is_extended(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    beat(&scene, 2);
    for (int i = 0; i < 2; i++)
        assert_string_equal(heard(&scene), "EXTEND_TIMEOUT_USEC=60000000");
    assert_string_equal(heard(&scene), "");
    service_ready(scene.service, NULL);
    assert_string_equal(heard(&scene), "READY=1\nSTATUS=");
    beat(&scene, 2);
    for (int i = 0; i < 2; i++)
        assert_string_equal(heard(&scene), "WATCHDOG=1");
    assert_string_equal(heard(&scene), "");
    close_scene(&scene);
}

/* Neither a start that hangs is extended, nor an agent that hangs is vouched for. */
static void who_is_not_well_is_silent(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    scene.well = false;
    beat(&scene, 3);
    assert_string_equal(heard(&scene), "");
    service_ready(scene.service, NULL);
    assert_string_equal(heard(&scene), "READY=1\nSTATUS=");
    beat(&scene, 3);
    assert_string_equal(heard(&scene), "");
    scene.well = true;
    beat(&scene, 1);
    assert_string_equal(heard(&scene), "WATCHDOG=1");
    close_scene(&scene);
}

/* A manager whose queue is full, since it is busy, is told once more at the next beat. */
static void what_could_not_be_said_is_said_later(void **state)
{
    struct scene scene;
    unsigned queued = 0;

    (void)state;
    open_scene(&scene);
    service_ready(scene.service, NULL);
    while (queued < 10000) { /* until its queue has no room: then one more */
        service_reloading(scene.service);
        queued++;
    }
    service_ready(scene.service, NULL);
    while (strncmp(heard(&scene), "R", 1) == 0)
        queued--;
    assert_true(queued > 0); /* the test's own aim: some were not taken */
    beat(&scene, 1);
    assert_string_equal(heard(&scene), "READY=1\nSTATUS=");
    assert_string_equal(heard(&scene), "WATCHDOG=1");
    close_scene(&scene);
}

/* The state is what counts, not what led to it. */
static void each_state_is_told(void **state)
{
    static const char reloading[] = "RELOADING=1\nMONOTONIC_USEC=";
    struct scene scene;

    (void)state;
    open_scene(&scene);
    service_ready(scene.service, NULL);
    assert_string_equal(heard(&scene), "READY=1\nSTATUS=");
    service_reloading(scene.service);
    assert_memory_equal(heard(&scene), reloading, sizeof reloading - 1);
    service_ready(scene.service, "file:1:1: wrong");
    assert_string_equal(heard(&scene),
                        "READY=1\nSTATUS=the last reload was refused: file:1:1: wrong");
    service_ready(scene.service, NULL);
    assert_string_equal(heard(&scene), "READY=1\nSTATUS=");
    service_stopping(scene.service);
    assert_string_equal(heard(&scene), "STOPPING=1");
    close_scene(&scene);
}

/* Without a manager nobody is asked anything, and the loop has nothing to wait for. */
static void nobody_to_tell(void **state)
{
    struct scene scene = {.well = true, .base = event_base_new()};

    (void)state;
    scene.service = service_new(scene.base, is_well, &scene);
    assert_non_null(scene.service);
    service_ready(scene.service, NULL);
    service_reloading(scene.service);
    service_stopping(scene.service);
    event_base_dispatch(scene.base);
    assert_int_equal(scene.asked, 0);
    service_free(scene.service);
    event_base_free(scene.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_start_is_extended),
        cmocka_unit_test(who_is_not_well_is_silent),
        cmocka_unit_test(what_could_not_be_said_is_said_later),
        cmocka_unit_test(each_state_is_told),
        cmocka_unit_test(nobody_to_tell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
