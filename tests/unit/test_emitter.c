/* The emitter as a whole: /healthz as it is served, type `agent`, and how it stops. */
#include "emitter/emitter.h"
#include "emitter/text.h"
#include "tests/unit/http/door.h"

#include <event2/buffer.h>
#include <jansson.h>

struct fixture {
    struct door door; /* for its clients */
    struct emitter *emitter;
    struct snapshot snapshot;
    int stopped;
};

static void on_ready(void *arg)
{
    struct fixture *fixture = arg;

    event_base_loopbreak(fixture->door.base);
}

static void on_failed(void *arg)
{
    (void)arg;
    fail();
}

static void open_emitter(struct fixture *fixture, struct emitter_options options)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    *fixture = (struct fixture){0};
    signal(SIGPIPE, SIG_IGN);
    fixture->door.base = event_base_new();
    fixture->door.series = series_table_new("redis.0");
    fixture->door.numbers[0] = series_intern(fixture->door.series, "system.load.error");
    snapshot_clear(&fixture->snapshot, FIRST_S);
    snapshot_add(&fixture->snapshot, fixture->door.numbers[0], 0);

    options.history = 3;
    options.version = "1.2.3";
    options.http_on = true;
    options.http_max_connections = 8;
    memcpy(&options.http_listen.sockaddr, &loopback, sizeof loopback);
    options.http_listen.len = sizeof loopback;
    options.ready = on_ready;
    options.failed = on_failed;
    options.arg = fixture;
    fixture->emitter = emitter_new(fixture->door.base, fixture->door.series, &options);
    assert_non_null(fixture->emitter);
    assert_int_equal(event_base_dispatch(fixture->door.base), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(emitter_append(fixture->emitter, &fixture->snapshot), 0);
    door_note(&fixture->door);
    assert_int_equal(emitter_open(fixture->emitter), 0);
    door_find(&fixture->door);
}

static void close_emitter(struct fixture *fixture)
{
    emitter_free(fixture->emitter);
    series_release(fixture->door.series, fixture->door.numbers[0]);
    assert_int_equal(series_count(fixture->door.series), 0);
    series_table_free(fixture->door.series);
    event_base_free(fixture->door.base);
    snapshot_clean(&fixture->snapshot);
}

static void test_health(void **state)
{
    static const struct {
        struct emitter_options options;
        const char *status_line;
        const char *status;
        bool whole;
    } rows[] = {
        {{.interval_s = 3600}, "HTTP/1.1 200 ", "ok", true},
        {{.interval_s = 3600, .http_token = "t"}, "HTTP/1.1 200 ", "ok", false},
        /* three intervals of nothing pass at once */
        {{.interval_s = 0}, "HTTP/1.1 503 ", "stale", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;

        open_emitter(&fixture, rows[i].options);
        char *answer = ask(&fixture.door, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_memory_equal(answer, rows[i].status_line, strlen(rows[i].status_line));
        json_t *health = json_loads(body_of(answer), 0, NULL);
        json_t *ring = json_object_get(health, "ring");
        json_t *newest = json_object_get(health, "newest");
        assert_string_equal(json_string_value(json_object_get(health, "status")), rows[i].status);
        assert_string_equal(json_string_value(json_object_get(health, "version")), "1.2.3");
        if (rows[i].whole) {
            assert_int_equal(json_integer_value(json_object_get(ring, "snapshots")), 3);
            assert_int_equal(json_integer_value(json_object_get(ring, "capacity")), 3);
            assert_int_equal(json_integer_value(json_object_get(newest, "timestamp_s")), FIRST_S);
        } else {
            assert_int_equal(json_object_size(health), 2);
        }
        json_decref(health);
        free(answer);
        close_emitter(&fixture);
    }
}

/* Adds type `agent` to the snapshot; gives its lines, to be freed. */
static char *emit(struct fixture *fixture)
{
    const struct self_tick tick = {.duration_ns = 4000, .lateness_ns = 5000, .stuck_disks = 6};
    struct bytes text = {0};

    emitter_emit(fixture->emitter, &tick, &fixture->snapshot);
    assert_int_equal(text_lines(&text, fixture->door.series, &fixture->snapshot), 0);
    bytes_add(&text, "", 1);
    return (char *)text.data;
}

/* As it is now, at the snapshot's end, and only where it is wanted. */
static void test_self(void **state)
{
    static const char *const lines[] = {
        "redis.0.system.load.error 0 1594380000\nredis.0.agent.",
        "\nredis.0.agent.tick.duration_us 4 1594380000\n",
        "\nredis.0.agent.tick.lateness_us 5 1594380000\n",
        "\nredis.0.agent.ring.snapshots 3 1594380000\n",
        "\nredis.0.agent.clients.http 1 1594380000\n",
        "\nredis.0.agent.clients.lines 0 1594380000\n",
        "\nredis.0.agent.disks.stuck 6 1594380000\n",
    };
    struct fixture fixture;

    (void)state;
    open_emitter(&fixture, (struct emitter_options){.interval_s = 1});
    char *text = emit(&fixture);
    assert_string_equal(text, "redis.0.system.load.error 0 1594380000\n");
    free(text);
    close_emitter(&fixture);

    open_emitter(&fixture, (struct emitter_options){.interval_s = 1, .self_metrics = true});
    int fd = client_connect(&fixture.door);
    assert_int_equal(event_base_loop(fixture.door.base, EVLOOP_ONCE), 0);
    text = emit(&fixture);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(text, lines[i]))
            fail_msg("%s is not in %s", lines[i], text);
    assert_null(strstr(text, "agent.file"));
    free(text);
    close(fd);
    close_emitter(&fixture);
}

static void on_stopped(void *arg)
{
    struct fixture *fixture = arg;

    fixture->stopped++;
    event_base_loopbreak(fixture->door.base);
}

/* The doors close at once; a target that never takes what it is owed holds up for a second. */
static void test_stop(void **state)
{
    /* Nobody listens on port 1, or is supposed to. */
    static const struct target_options nobody = {.name = "nobody",
                                                 .peer = {.host = "127.0.0.1", .port = 1}};
    static const struct {
        size_t targets;
        int64_t longest_ms;
    } rows[] = {{0, 500}, {1, 1800}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;

        open_emitter(&fixture, (struct emitter_options){.interval_s = 1,
                                                        .targets = &nobody,
                                                        .target_count = rows[i].targets});
        int fd = client_connect(&fixture.door);
        int64_t start_ns = clock_mono_ns();
        emitter_stop(fixture.emitter, on_stopped, &fixture);
        assert_int_equal(fixture.stopped, 0);
        int refused = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(refused, (const struct sockaddr *)&fixture.door.address,
                                 fixture.door.address_len),
                         -1);
        close(refused);
        event_base_dispatch(fixture.door.base);
        assert_int_equal(fixture.stopped, 1);
        assert_true(clock_mono_ns() - start_ns < rows[i].longest_ms * CLOCK_NS_PER_MS);
        close(fd);
        close_emitter(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_self),
        cmocka_unit_test(test_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
