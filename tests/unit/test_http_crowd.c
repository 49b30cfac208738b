/* The HTTP door: how many clients it has, and who makes room. */
#include "tests/unit/http/door.h"

static const char one[] = "GET /metrics?quantity=1 HTTP/1.1\r\nHost: x\r\n\r\n";

/* Who had its last answer makes room. */
static void test_lingering_makes_room(void **state)
{
    struct http_options options = {.max_connections = 1, .limits = &endless};
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 1, options);
    int fd = client_connect(&door);
    client_send(fd, "no request\r\n");
    free(client_answer(&door, fd, false));
    assert_int_equal(http_clients(door.http), 1);
    char *answer = ask(&door, one);
    assert_non_null(strstr(answer, "200 OK"));
    free(answer);
    assert_true(is_closed(fd));
    close(fd);
    door_close(&door);
}

static void test_cap(void **state)
{
    struct http_options options = {.max_connections = 3, .limits = &endless};
    struct door door;
    int fds[6];

    (void)state;
    door_open(&door, 3, 3, 1, options);
    for (int i = 0; i < 3; i++) {
        fds[i] = client_connect(&door);
        door_wait_clients(&door, (size_t)i + 1);
    }
    /* The first asks, so the second is idle longest; the third is in the middle of its request. */
    client_send(fds[0], one);
    free(client_answer(&door, fds[0], false));
    client_send(fds[2], "GET ");
    door_run(&door);

    fds[3] = client_connect(&door);
    door_run(&door);
    assert_false(is_closed(fds[0]));
    assert_true(is_closed(fds[1]));
    assert_false(is_closed(fds[2]));
    assert_false(is_closed(fds[3]));

    /* Now everybody is in the middle of a request: newcomers are turned away, and nobody else. */
    client_send(fds[0], "GET ");
    client_send(fds[3], "GET ");
    door_run(&door);
    fds[4] = client_connect(&door);
    fds[5] = client_connect(&door);
    door_run(&door);
    assert_true(is_closed(fds[4]));
    assert_true(is_closed(fds[5]));
    assert_int_equal(http_clients(door.http), 3);

    /* And all three are answered still; one that ends makes room. */
    for (int i = 0; i < 4; i += i == 0 ? 2 : 1) {
        client_send(fds[i], "/metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        char *answer = client_answer(&door, fds[i], false);
        assert_non_null(strstr(answer, "200 OK"));
        free(answer);
    }
    for (int i = 0; i < 6; i++)
        close(fds[i]);
    door_wait_clients(&door, 0);
    char *answer = ask(&door, one);
    assert_non_null(strstr(answer, "200 OK"));
    free(answer);
    door_close(&door);
}

/* A thousand that hang on: the door has its 64, the newest are heard, and answers go on. */
static void test_crowd(void **state)
{
    struct door door;
    int fds[1000];

    (void)state;
    door_open(&door, 3, 3, 1, (struct http_options){.limits = &endless});
    for (int i = 0; i < 1000; i++) {
        fds[i] = client_connect(&door);
        event_base_loop(door.base, EVLOOP_NONBLOCK);
        assert_true(http_clients(door.http) <= 64);
    }
    door_run(&door);
    assert_int_equal(http_clients(door.http), 64);
    assert_true(is_closed(fds[0]));
    assert_true(is_closed(fds[935]));
    assert_false(is_closed(fds[936]));
    assert_false(is_closed(fds[999]));
    char *answer = ask(&door, one);
    assert_non_null(strstr(answer, "200 OK"));
    free(answer);
    for (int i = 0; i < 1000; i++)
        close(fds[i]);
    door_close(&door);
}

static int count_answers(int fd)
{
    char bytes[65536];
    ssize_t got = recv(fd, bytes, sizeof bytes - 1, 0);
    int count = 0;

    bytes[got > 0 ? got : 0] = '\0';
    for (const char *at = bytes; (at = strstr(at, "HTTP/1.1 200 ")); at++)
        count++;
    return count;
}

/* Who asks for much at once waits for his turn as others do. */
static void test_turns(void **state)
{
    enum { REQUESTS = 200 };
    struct door door;
    int answers = 0;

    (void)state;
    char *directory = door_open_unix(&door, 3, (struct http_options){.limits = &endless});
    int much = client_connect(&door);
    int little = client_connect(&door);
    door_wait_clients(&door, 2);
    for (int i = 0; i < REQUESTS; i++)
        client_send(much, one);
    client_send(little, one);
    while (count_answers(little) == 0)
        event_base_loop(door.base, EVLOOP_ONCE | EVLOOP_NONBLOCK); /* a single turn */
    answers += count_answers(much);
    print_message("%d of %d before the other's one\n", answers, REQUESTS);
    assert_true(answers < 10);
    for (int64_t end_ns = clock_mono_ns() + PATIENCE_NS; answers < REQUESTS;) {
        assert_true(clock_mono_ns() < end_ns);
        event_base_loop(door.base, EVLOOP_NONBLOCK);
        answers += count_answers(much);
    }
    close(much);
    close(little);
    door_close_unix(&door, directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lingering_makes_room),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
