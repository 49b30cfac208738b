/* Other targets are wanted: what changes in place, and what leaves no trace. */
#include "tests/unit/targets_scene.h"

/* Another one of the files of TLS is another peer; with TLS, a sink that speaks none is no good. */
static void tls_is_part_of_the_peer(void **state)
{
    struct scene scene;
    struct target_options options = {.name = "a"};

    (void)state;
    open_scene(&scene, NULL, 0);
    options = to(&scene, "a", 0);
    start(&scene);
    take(&scene, &options, 1);
    append(&scene, 1);
    settle(&scene);
    options.tls = true;
    options.tls_ca = "/nonexistent/ca";
    take(&scene, &options, 1);
    assert_string_equal(status(&scene, 0).state, "connecting");
    bench_until(&scene.bench, is_refused, &scene);
    options.tls_ca = "/nonexistent/other";
    take(&scene, &options, 1);
    assert_string_equal(status(&scene, 0).state, "connecting");
    bench_until(&scene.bench, is_refused, &scene);
    take(&scene, &options, 1);
    assert_string_equal(status(&scene, 0).state, "down");
    close_scene(&scene);
}

static bool two_are_acknowledged(void *arg)
{
    return status(arg, 0).sent == 2;
}

/* The rate: a backlog that would take minutes goes at once. The rest: of the same connection. */
static void what_is_no_peer_changes_in_place(void **state)
{
    struct scene scene;
    struct target_options options = {0};

    (void)state;
    open_scene(&scene, NULL, 0);
    options = to(&scene, "a", 0);
    options.replay_rate = 1;
    start(&scene);
    append(&scene, 90);
    take(&scene, &options, 1);
    sink_wait(&scene.sinks[0], &scene.bench, 2);
    bench_until(&scene.bench, two_are_acknowledged,
                &scene); /* nothing but the rate wakes it then */
    options.replay_rate = 1000000;
    options.settle_ms = 0;
    take(&scene, &options, 1);
    settle(&scene);
    sink_wait(&scene.sinks[0], &scene.bench, 90);
    assert_int_equal(scene.sinks[0].connections, 1);
    options.max_age_ms = 1;
    take(&scene, &options, 1);
    usleep(2000); /* what makes it too old is nothing but time */
    append(&scene, 1);
    settle(&scene);
    assert_int_equal(status(&scene, 0).reconnects, 1);
    close_scene(&scene);
}

static void what_is_prepared_and_not_taken_leaves_no_trace(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, NULL, 0);
    struct target_options options[] = {to(&scene, "a", 0), to(&scene, "b", 1)};
    start(&scene);
    targets_next_free(targets_next_new(scene.targets, options, 2));
    take(&scene, options, 1);
    append(&scene, 2);
    settle(&scene);
    targets_next_free(targets_next_new(scene.targets, options, 2));
    targets_next_free(targets_next_new(scene.targets, options + 1, 1));
    append(&scene, 2);
    settle(&scene);
    sink_wait(&scene.sinks[0], &scene.bench, 4);
    assert_int_equal(scene.sinks[0].connections, 1);
    assert_int_equal(scene.sinks[1].connections, 0);
    close_scene(&scene);
}

/* Those that are not open yet are only wanted. */
static void before_they_are_open(void **state)
{
    struct scene scene;
    size_t count = 9;

    (void)state;
    open_scene(&scene, NULL, 0);
    append(&scene, 3);
    take(&scene, (struct target_options[]){to(&scene, "a", 0)}, 1);
    take(&scene, (struct target_options[]){to(&scene, "b", 1), to(&scene, "c", 2)}, 2);
    targets_status(scene.targets, &count);
    assert_int_equal(count, 0);
    start(&scene);
    settle(&scene);
    sink_wait(&scene.sinks[1], &scene.bench, 3);
    sink_wait(&scene.sinks[2], &scene.bench, 3);
    assert_int_equal(scene.sinks[0].connections, 0);
    close_scene(&scene);
}

/* Over and over: to none, to another order, with the same peers. */
static void a_thousand_times_costs_nothing(void **state)
{
    struct scene scene;
    size_t open = 0;
    size_t heap = 0;

    (void)state;
    open_scene(&scene, NULL, 0);
    struct target_options options[] = {to(&scene, "a", 0), to(&scene, "b", 1), to(&scene, "a", 0)};
    start(&scene);
    take(&scene, options, 2);
    append(&scene, 2);
    settle(&scene);
    for (unsigned i = 0; i < 1000; i++) {
        take(&scene, options + 1, 2);
        take(&scene, options, 2);
        if (i % 10 == 0) {
            append(&scene, i % 500 == 0);
            settle(&scene);
        }
        if (i == 100) {
            open = descriptors();
            heap = heap_bytes();
        }
    }
    assert_int_equal(descriptors(), open);
    assert_true(heap_bytes() <= heap + 8192);
    assert_int_equal(scene.sinks[0].connections, 1);
    assert_int_equal(scene.sinks[1].connections, 1);
    sink_wait(&scene.sinks[0], &scene.bench, 4);
    assert_each(&scene.sinks[0], 4, 1);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_is_part_of_the_peer),
        cmocka_unit_test(what_is_no_peer_changes_in_place),
        cmocka_unit_test(what_is_prepared_and_not_taken_leaves_no_trace),
        cmocka_unit_test(before_they_are_open),
        cmocka_unit_test(a_thousand_times_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
