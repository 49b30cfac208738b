/*
 * The process that connects: what becomes of an attempt when it does not do what it is there for,
 * and that nothing of it stays.
 */
#include "tests/unit/dialed.h"

#include <sys/mman.h>
#include <sys/resource.h>

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
