/* Other targets are wanted: what each gets, and keeps. */
#include "tests/unit/targets_scene.h"

static void each_is_known_by_its_name(void **state)
{
    struct scene scene;
    struct positions positions = {0};
    char said[4096];

    (void)state;
    open_scene(&scene, NULL, 0);
    start(&scene);
    take(&scene, (struct target_options[]){to(&scene, "a", 0), to(&scene, "b", 1)}, 2);
    append(&scene, 5);
    settle(&scene);
    sink_wait(&scene.sinks[0], &scene.bench, 5);
    sink_wait(&scene.sinks[1], &scene.bench, 5);

    hear_log();
    take(&scene, (struct target_options[]){to(&scene, "c", 2), to(&scene, "b", 1)}, 2);
    heard_log(said);
    assert_string_equal(said, "graphite a: is no target any more, 0 snapshots are undelivered\n");
    assert_string_equal(status(&scene, 0).name, "c");
    assert_int_equal(status(&scene, 0).owed, 5);
    assert_string_equal(status(&scene, 1).name, "b");
    assert_string_equal(status(&scene, 1).state, "up");
    assert_int_equal(status(&scene, 1).sent, 5);
    append(&scene, 3);
    settle(&scene);
    sink_wait(&scene.sinks[1], &scene.bench, 8);
    sink_wait(&scene.sinks[2], &scene.bench, 8);
    assert_each(&scene.sinks[1], 8, 1);
    assert_each(&scene.sinks[2], 8, 1);
    assert_int_equal(scene.sinks[1].connections, 1);
    assert_int_equal(scene.sinks[0].different, 5);
    bench_until(&scene.bench, sink_alone, &scene.sinks[0]);
    assert_int_equal(status(&scene, 1).reconnects, 0);

    assert_int_equal(targets_positions(scene.targets, &positions), 0);
    assert_int_equal(positions.count, 2);
    assert_string_equal(positions.list[0].name, "c");
    assert_string_equal(positions.list[1].name, "b");
    positions_clean(&positions);
    close_scene(&scene);
}

/* Nothing has settled yet, so the new peer gets all of it, and what was sent goes on counting. */
static void one_that_moves_takes_along_what_it_is_owed(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, NULL, 0);
    start(&scene);
    take(&scene, (struct target_options[]){to(&scene, "a", 0)}, 1);
    append(&scene, 5);
    settle(&scene);
    take(&scene, (struct target_options[]){to(&scene, "a", 1)}, 1);
    assert_string_equal(status(&scene, 0).state, "connecting");
    assert_int_equal(status(&scene, 0).owed, 5);
    assert_int_equal(status(&scene, 0).sent, 5);
    append(&scene, 2);
    settle(&scene);
    sink_wait(&scene.sinks[1], &scene.bench, 7);
    assert_each(&scene.sinks[1], 7, 1);
    assert_int_equal(scene.sinks[0].different, 5);
    assert_int_equal(status(&scene, 0).sent, 12);
    assert_int_equal(status(&scene, 0).reconnects, 1);
    assert_int_equal(status(&scene, 0).lost, 0);
    close_scene(&scene);
}

/* What waits for its next try tries at once; that the trouble ends is said, and a new one too. */
static void one_that_is_down_moves_at_once(void **state)
{
    struct scene scene;
    struct target_options nobody = {.name = "a", .peer = {.host = "127.0.0.1", .port = 1}};
    char said[4096];

    (void)state;
    open_scene(&scene, &nobody, 1);
    append(&scene, 4);
    hear_log();
    start(&scene);
    bench_until(&scene.bench, is_refused, &scene);
    nobody.peer.port = 2;
    take(&scene, &nobody, 1);
    assert_string_equal(status(&scene, 0).state, "connecting");
    assert_null(status(&scene, 0).error);
    bench_until(&scene.bench, is_refused, &scene);
    take(&scene, (struct target_options[]){to(&scene, "a", 0)}, 1);
    settle(&scene);
    sink_wait(&scene.sinks[0], &scene.bench, 4);
    close_scene(&scene);
    heard_log(said);
    assert_non_null(strstr(said, "port 1: connection refused"));
    assert_non_null(strstr(said, "graphite a: goes to 127.0.0.1 port 2 now\n"));
    assert_non_null(strstr(said, "port 2: connection refused"));
    assert_non_null(strstr(said, "graphite a: up to date again, meanwhile no snapshot was lost\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_known_by_its_name),
        cmocka_unit_test(one_that_moves_takes_along_what_it_is_owed),
        cmocka_unit_test(one_that_is_down_moves_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
