/* The emitter takes other options while it runs: all of them, or none. */
#include "emitter/emitter.h"
#include "emitter/text.h"
#include "tests/unit/adapting.h"
#include "tests/unit/client.h"

#include <jansson.h>

struct scene {
    struct bench bench; /* its own ring stays empty */
    struct emitter *emitter;
    struct address http;
    struct snapshot snapshot;
    int64_t newest_s;
    char dir[40];
};

static void on_ready(void *arg)
{
    struct scene *scene = arg;

    event_base_loopbreak(scene->bench.base);
}

static void on_failed(void *arg)
{
    (void)arg;
    fail();
}

/* Strings of their own, which end with the options. */
static struct emitter_options *make(const struct scene *scene, size_t history, const char *name,
                                    const char *token)
{
    struct emitter_options *options = calloc(1, sizeof *options);
    struct target_options *target = calloc(1, sizeof *target);

    /* Nobody listens on port 1, or is supposed to. */
    *target = (struct target_options){.name = strdup(name), .peer = {"127.0.0.1", 1}};
    *options = (struct emitter_options){
        .history = history,
        .interval_s = 3600,
        .version = strdup("1.2.3"),
        .http_on = true,
        .http_listen = scene->http,
        .http_max_connections = 8,
        .http_token = token ? strdup(token) : NULL,
        .instance_id = strdup("id"),
        .targets = target,
        .target_count = 1,
        .state_dir = scene->dir[0] ? strdup(scene->dir) : NULL,
        .state_size_bytes = 65536,
        .self_metrics = true,
    };
    return options;
}

static void spoil(struct emitter_options *options)
{
    free((void *)options->version);
    free((void *)options->http_token);
    free((void *)options->instance_id);
    free((void *)options->targets[0].name);
    free((void *)options->targets);
    free((void *)options->state_dir);
    memset(options, 0xff, sizeof *options);
    free(options);
}

static void append(struct scene *scene, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snapshot_clear(&scene->snapshot, ++scene->newest_s);
        emitter_emit(scene->emitter, &(struct self_tick){0}, &scene->snapshot);
        assert_int_equal(emitter_append(scene->emitter, &scene->snapshot), 0);
    }
}

static void open_scene(struct scene *scene, struct emitter_options *options)
{
    signal(SIGPIPE, SIG_IGN);
    options->ready = on_ready;
    options->failed = on_failed;
    options->arg = scene;
    scene->emitter = emitter_new(scene->bench.base, scene->bench.series, options);
    assert_non_null(scene->emitter);
    event_base_dispatch(scene->bench.base);
}

static void prepare(struct scene *scene)
{
    *scene = (struct scene){.newest_s = BENCH_EPOCH_S};
    bench_open(&scene->bench, 1, 1);
    choose_port(&scene->http);
}

static void close_scene(struct scene *scene)
{
    emitter_free(scene->emitter);
    snapshot_clean(&scene->snapshot);
    series_release(scene->bench.series, scene->bench.numbers[0]);
    assert_int_equal(series_count(scene->bench.series), 0);
    bench_close(&scene->bench);
}

static json_t *ask_health(struct scene *scene)
{
    int fd = visit(&scene->http);

    assert_true(fd >= 0);
    const char *answer =
        ask_door(&scene->bench, fd, "GET /healthz HTTP/1.0\r\nAuthorization: Bearer t\r\n\r\n");
    const char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    json_t *health = json_loads(body, 0, NULL);
    assert_non_null(health);
    close(fd);
    return health;
}

static void assert_health(struct scene *scene, int capacity, int snapshots, const char *target)
{
    json_t *health = ask_health(scene);
    const json_t *ring = json_object_get(health, "ring");
    const json_t *targets = json_object_get(health, "targets");

    assert_int_equal(json_integer_value(json_object_get(ring, "capacity")), capacity);
    assert_int_equal(json_integer_value(json_object_get(ring, "snapshots")), snapshots);
    assert_int_equal(json_array_size(targets), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(targets, 0), "name")),
                        target);
    json_decref(health);
}

/* Whether type `agent` tells of that target, and how many series it has. */
static size_t tells_of(struct scene *scene, const char *target)
{
    struct bytes text = {0};

    snapshot_clear(&scene->snapshot, 1);
    emitter_emit(scene->emitter, &(struct self_tick){0}, &scene->snapshot);
    assert_int_equal(text_lines(&text, scene->bench.series, &scene->snapshot), 0);
    bytes_add(&text, "", 1);
    size_t count = strstr((const char *)text.data, target) ? scene->snapshot.count : 0;
    bytes_clean(&text);
    return count;
}

static void all_or_nothing(void **state)
{
    struct scene scene;

    (void)state;
    prepare(&scene);
    struct emitter_options *first = make(&scene, 10, "one", NULL);
    open_scene(&scene, first);
    append(&scene, 10);
    assert_int_equal(emitter_open(scene.emitter), 0);
    assert_health(&scene, 10, 10, "one");

    /* The door's port is taken: nothing of the rest is taken either. */
    in_port_t port = 0;
    int stranger = take_port(&port, true);
    struct emitter_options *wrong = make(&scene, 4, "two", "t");
    wrong->http_listen = loopback(INADDR_LOOPBACK, port);
    wrong->self_metrics = false;
    assert_int_equal(emitter_adapt(scene.emitter, wrong), -1);
    spoil(wrong);
    assert_health(&scene, 10, 10, "one");
    assert_int_equal(tells_of(&scene, ".target.one."), 6 + 7);
    close(stranger);

    struct emitter_options *second = make(&scene, 4, "two", "t");
    assert_int_equal(emitter_adapt(scene.emitter, second), 0);
    spoil(first);
    assert_health(&scene, 10, 10, "two"); /* none is older than the history for that */
    append(&scene, 2);
    assert_health(&scene, 7, 7, "two");
    append(&scene, 2);
    assert_health(&scene, 4, 4, "two");
    append(&scene, 2);
    assert_health(&scene, 4, 4, "two");
    assert_int_equal(tells_of(&scene, ".target.two."), 6 + 7);
    struct emitter_options *third = make(&scene, 12, "two", NULL);
    third->self_metrics = false;
    third->target_count = 1;
    assert_int_equal(emitter_adapt(scene.emitter, third), 0);
    spoil(second);
    assert_int_equal(tells_of(&scene, ""), 0);
    append(&scene, 20);
    assert_health(&scene, 12, 12, "two");
    close_scene(&scene);
    spoil(third);
}

/* Before there is a snapshot, and before there are targets. */
static void also_before_it_is_ready(void **state)
{
    struct scene scene;

    (void)state;
    prepare(&scene);
    struct emitter_options *first = make(&scene, 10, "one", NULL);
    first->ready = on_ready;
    first->failed = on_failed;
    first->arg = &scene;
    scene.emitter = emitter_new(scene.bench.base, scene.bench.series, first);
    choose_port(&scene.http);
    struct emitter_options *second = make(&scene, 5, "two", NULL);
    assert_int_equal(emitter_adapt(scene.emitter, second), 0);
    spoil(first);
    assert_int_equal(visit(&scene.http), -1);
    event_base_dispatch(scene.bench.base); /* on_ready is still the first one's */
    append(&scene, 6);
    assert_int_equal(emitter_open(scene.emitter), 0);
    assert_health(&scene, 5, 5, "two");
    close_scene(&scene);
    spoil(second);
}

static void test_reloads(void **state)
{
    struct scene scene;

    (void)state;
    prepare(&scene);
    struct emitter_options *options = make(&scene, 3, "one", NULL);
    open_scene(&scene, options);
    append(&scene, 1);
    assert_int_equal(emitter_open(scene.emitter), 0);
    emitter_tell_reloads(scene.emitter, &(struct emitter_reloads){4, 5, 6, "wrong"});
    json_t *health = ask_health(&scene);
    json_t *wanted = json_pack("{s:i, s:i, s:i, s:s}", "reloads", 4, "refused", 5, "last_s", 6,
                               "error", "wrong");
    assert_true(json_equal(json_object_get(health, "configuration"), wanted));
    json_decref(wanted);
    json_decref(health);
    close_scene(&scene);
    spoil(options);
}

/* With the ring's file, which outlives the options that named it. */
static void a_thousand_times_costs_nothing(void **state)
{
    struct scene scene;
    struct emitter_options *options = NULL;
    size_t open = 0;
    size_t heap = 0;
    char path[64];

    (void)state;
    prepare(&scene);
    strcpy(scene.dir, "/tmp/emitter.XXXXXX");
    assert_non_null(mkdtemp(scene.dir));
    options = make(&scene, 10, "one", NULL);
    open_scene(&scene, options);
    append(&scene, 10);
    assert_int_equal(emitter_open(scene.emitter), 0);
    for (unsigned i = 0; i < 1000; i++) {
        struct emitter_options *next =
            make(&scene, 10 + i % 2, i % 3 ? "one" : "two", i % 5 ? NULL : "t");

        next->self_metrics = i % 7 > 0;
        assert_int_equal(emitter_adapt(scene.emitter, next), 0);
        spoil(options);
        options = next;
        append(&scene, 1);
        if (i % 209 == 208) {
            event_base_loop(scene.bench.base, EVLOOP_NONBLOCK);
            event_base_loop(scene.bench.base, EVLOOP_NONBLOCK);
        }
        if (i == 210) {
            open = descriptors();
            heap = heap_bytes();
        }
    }
    /* Connects may be under way, or not; what leaks at each turn does so 789 times. */
    assert_in_range(descriptors(), 0, open + 16);
    assert_in_range(heap_bytes(), 0, heap + 262144);
    snprintf(path, sizeof path, "%s/ring", scene.dir);
    bench_until(&scene.bench, stands_by_now, path);
    close_scene(&scene);
    spoil(options);
    assert_int_equal(unlink(path), 0);
    rmdir(scene.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(also_before_it_is_ready),
        cmocka_unit_test(test_reloads),
        cmocka_unit_test(a_thousand_times_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
