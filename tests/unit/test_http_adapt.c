/* The HTTP door takes other options, and its clients stay. */
#include "tests/unit/http/door.h"

#define SNAPSHOTS 150 /* more than the kernel takes for a client that does not read */

static char *ask_with(struct door *door, const char *path, const char *token)
{
    char request[256];

    assert_true(snprintf(request, sizeof request,
                         "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path,
                         token) < (int)sizeof request);
    return ask(door, request);
}

static void expect_status(struct door *door, const char *path, const char *token, int status)
{
    char *answer = ask_with(door, path, token);

    assert_int_equal(strtol(answer + strlen("HTTP/1.1 "), NULL, 10), status);
    free(answer);
}

/* Also the strings that were in force are gone then. */
static void another_token_while_a_client_is_served(void **state)
{
    char *token = strdup("old");
    char *id = strdup("one");
    struct door door;

    (void)state;
    door_open(&door, SNAPSHOTS, SNAPSHOTS, 200,
              (struct http_options){.token = token, .instance_id = id});
    int fd = client_connect(&door);
    client_send(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer old\r\n\r\n");
    door_run(&door);
    expect_status(&door, "/v1/instances/one/metrics?quantity=1", "old", 200);

    struct http_options options = {.token = "new",
                                   .instance_id = "two",
                                   .max_connections = 64,
                                   .health = door_health,
                                   .health_arg = &door};
    assert_int_equal(http_adapt(door.http, &options), 0);
    memset(token, '?', 3);
    memset(id, '?', 3);
    free(token);
    free(id);
    expect_status(&door, "/metrics?quantity=1", "old", 401);
    expect_status(&door, "/metrics?quantity=1", "new", 200);
    expect_status(&door, "/v1/instances/two/metrics?quantity=1", "new", 200);
    expect_status(&door, "/v1/instances/one/metrics?quantity=1", "new", 404);

    char *answer = client_answer(&door, fd, false);
    size_t lines = 0;
    for (const char *at = body_of(answer); (at = strstr(at, "\"redis.0.")); at++)
        lines++;
    assert_int_equal(lines, SNAPSHOTS * 200);
    free(answer);
    client_send(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer old\r\n\r\n");
    answer = client_answer(&door, fd, false);
    assert_memory_equal(answer, "HTTP/1.1 401", 12);
    free(answer);
    close(fd);

    options.token = NULL;
    options.instance_id = NULL;
    assert_int_equal(http_adapt(door.http, &options), 0);
    expect_status(&door, "/metrics?quantity=1", "any", 200);
    expect_status(&door, "/v1/instances/two/metrics?quantity=1", "any", 404);
    door_close(&door);
}

static bool closed(int fd)
{
    char byte = 0;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Those that are too many stay; over the new number the longest idle one makes room. */
static void another_number_of_connections(void **state)
{
    struct http_options options = {.max_connections = 4, .limits = &endless};
    struct door door;
    int fds[8];

    (void)state;
    door_open(&door, 3, 3, 1, options);
    for (size_t i = 0; i < 4; i++) {
        fds[i] = client_connect(&door);
        door_wait_clients(&door, i + 1);
    }
    options.health = door_health;
    options.health_arg = &door;
    options.max_connections = 2;
    assert_int_equal(http_adapt(door.http, &options), 0);
    door_run(&door);
    for (size_t i = 0; i < 4; i++)
        assert_false(closed(fds[i]));
    fds[4] = client_connect(&door);
    for (int64_t end_ns = clock_mono_ns() + PATIENCE_NS; !closed(fds[0]);) {
        assert_true(clock_mono_ns() < end_ns);
        event_base_loop(door.base, EVLOOP_ONCE);
    }
    door_wait_clients(&door, 4);
    options.max_connections = 100;
    assert_int_equal(http_adapt(door.http, &options), 0);
    for (size_t i = 5; i < 8; i++) {
        fds[i] = client_connect(&door);
        door_wait_clients(&door, i);
    }
    for (size_t i = 1; i < 8; i++)
        assert_false(closed(fds[i]));
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_token_while_a_client_is_served),
        cmocka_unit_test(another_number_of_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
