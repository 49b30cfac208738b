/* The HTTP door: answers that are streamed from a ring that goes on turning. */
#include "tests/unit/http/door.h"

#include <jansson.h>

/* 9 MB of JSON, more than both kernels' buffers take. */
#define SNAPSHOTS 1000
#define WIDTH 200

static const char everything[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

/* A client whose kernel takes no more than this, so that the door has to wait for it. */
static int connect_narrow(const struct door *door)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int bytes = 256 * 1024;

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&door->address, door->address_len), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

struct range {
    uint64_t from;
    uint64_t end;
    uint64_t count;
};

/* Which snapshots are in an answer: valid JSON, each snapshot whole and the right way round. */
static struct range check_json(const char *json, size_t width)
{
    struct range range = {0};
    json_t *array = json_loads(json, 0, NULL);

    assert_non_null(array);
    assert_int_equal(json_array_size(array) % width, 0);
    for (size_t i = 0; i < json_array_size(array); i++) {
        char line[128];
        const char *text = json_string_value(json_array_get(array, i));
        uint64_t number = strtoul(strchr(text, ' '), NULL, 10);

        snprintf(line, sizeof line, "redis.0.system.disk.some_disk_%zu.used %ju %ju", i % width,
                 (uintmax_t)number, (uintmax_t)(FIRST_S + number - 1));
        assert_string_equal(text, line);
        if (i == 0)
            range.from = number;
        if (i % width == 0) {
            assert_true(number >= range.end);
            range.end = number + 1;
            range.count++;
        } else {
            assert_int_equal(number, range.end - 1);
        }
    }
    json_decref(array);
    return range;
}

static void test_whole_history(void **state)
{
    static const struct {
        const char *request;
        bool to_the_end;
    } rows[] = {
        {everything, false},
        {"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", true},
        {"GET /metrics HTTP/1.0\r\n\r\n", true},
        {"GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET http://x/metrics HTTP/1.1\r\nHost: x\r\n\r\n", false},
    };
    struct door door;

    (void)state;
    door_open(&door, SNAPSHOTS / 10, SNAPSHOTS / 10, WIDTH,
              (struct http_options){.limits = &endless});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = client_connect(&door);

        client_send(fd, rows[i].request);
        char *answer = client_answer(&door, fd, rows[i].to_the_end);
        assert_null(strstr(answer, "Content-Length"));
        struct range range = check_json(body_of(answer), WIDTH);
        assert_int_equal(range.count, SNAPSHOTS / 10);
        free(answer);
        close(fd);
    }
    door_close(&door);
}

/* A request that comes behind a streamed answer is answered too, and HEAD streams nothing. */
static void test_after_stream(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, 100, 100, WIDTH, (struct http_options){0});
    int fd = client_connect(&door);
    client_send(fd, everything);
    client_send(fd, "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    char *answer = client_answer(&door, fd, true);
    const char *second = strstr(answer, "\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n");
    assert_non_null(second);
    const char *end = strstr(second + 7, "\r\n\r\n");
    assert_string_equal(end, "\r\n\r\n");
    free(answer);
    close(fd);
    door_close(&door);
}

/* What the ring overwrites before the client takes it is left out, what is newer is not told. */
static void test_slow_reader(void **state)
{
    static const struct {
        uint64_t appended;
        uint64_t kept; /* of the answer's snapshots, at least the newest so many come */
    } rows[] = {{0, SNAPSHOTS}, {SNAPSHOTS / 5, SNAPSHOTS * 4 / 5}, {SNAPSHOTS + 7, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct door door;

        door_open(&door, SNAPSHOTS, SNAPSHOTS, WIDTH, (struct http_options){.limits = &endless});
        int fd = connect_narrow(&door);
        client_send(fd, everything);
        door_run(&door);
        for (uint64_t n = 0; n < rows[i].appended; n++)
            door_append(&door);
        char *answer = client_answer(&door, fd, false);
        struct range range = check_json(body_of(answer), WIDTH);
        print_message("%ju appended meanwhile: %ju of %d snapshots came\n",
                      (uintmax_t)rows[i].appended, (uintmax_t)range.count, SNAPSHOTS);
        assert_int_equal(range.from, 1);
        assert_true(range.count >= rows[i].kept);
        if (rows[i].kept > 0)
            assert_int_equal(range.end, SNAPSHOTS + 1);
        else
            assert_true(range.end <= SNAPSHOTS);
        free(answer);
        close(fd);
        door_close(&door);
    }
}

/* A client that shuts its sending side only says that it will ask no more. */
static void test_half_close(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, SNAPSHOTS, SNAPSHOTS, WIDTH, (struct http_options){.limits = &endless});
    int fd = connect_narrow(&door);
    client_send(fd, everything);
    shutdown(fd, SHUT_WR);
    door_run(&door);
    char *answer = client_answer(&door, fd, true);
    struct range range = check_json(body_of(answer), WIDTH);
    assert_int_equal(range.count, SNAPSHOTS);
    free(answer);
    close(fd);
    door_wait_clients(&door, 0);
    door_close(&door);
}

/* A client that goes away in the middle of its answer takes the answer with it. */
static void test_client_gone(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, SNAPSHOTS, SNAPSHOTS, WIDTH, (struct http_options){.limits = &endless});
    for (int i = 0; i < 3; i++) {
        int fd = connect_narrow(&door);

        client_send(fd, everything);
        door_run(&door);
        assert_int_equal(http_clients(door.http), 1);
        close(fd);
        door_wait_clients(&door, 0);
    }
    door_close(&door);
}

/* The door closes in the middle of its answers. */
static void test_door_closes(void **state)
{
    struct door door;
    char byte = 0;

    (void)state;
    door_open(&door, SNAPSHOTS, SNAPSHOTS, WIDTH, (struct http_options){.limits = &endless});
    int streaming = connect_narrow(&door);
    int arriving = client_connect(&door);
    int idle = client_connect(&door);
    client_send(streaming, everything);
    client_send(arriving, "GET ");
    door_run(&door);
    assert_int_equal(http_clients(door.http), 3);
    door_close(&door);
    assert_true(recv(arriving, &byte, 1, 0) <= 0);
    assert_true(recv(idle, &byte, 1, 0) <= 0);
    close(streaming);
    close(arriving);
    close(idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_history), cmocka_unit_test(test_after_stream),
        cmocka_unit_test(test_slow_reader),   cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_client_gone),   cmocka_unit_test(test_door_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
