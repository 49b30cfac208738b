/* The HTTP door: how long it waits for each client. */
#include "tests/unit/http/door.h"

#define MS CLOCK_NS_PER_MS

static const char one[] = "GET /metrics?quantity=1 HTTP/1.1\r\nHost: x\r\n\r\n";
static const char everything[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

/* Runs the door until it closes the connection; every 20 ms `drip` is called. Gives how long. */
static int64_t wait_closed(struct door *door, int fd, void (*drip)(int fd))
{
    int64_t start_ns = clock_mono_ns();
    int64_t drip_ns = start_ns;

    while (http_clients(door->http) > 0) {
        int64_t now_ns = clock_mono_ns();

        assert_true(now_ns < start_ns + PATIENCE_NS);
        if (drip && now_ns >= drip_ns) {
            drip(fd);
            drip_ns += 20 * MS;
        }
        event_base_loop(door->base, EVLOOP_ONCE);
    }
    return clock_mono_ns() - start_ns;
}

static void drip_byte(int fd)
{
    (void)!send(fd, "x", 1, MSG_NOSIGNAL);
}

static void drip_read(int fd)
{
    char bytes[1000];

    (void)!recv(fd, bytes, sizeof bytes, 0);
}

static void read_all(int fd)
{
    is_closed(fd);
}

/* What a client does, and which of the limits, set to 200 ms, ends it. */
static void test_deadlines(void **state)
{
    static const struct {
        const char *name;
        const char *sent;
        void (*drip)(int fd);
        struct http_limits limits;
    } rows[] = {
        {"says nothing", "", NULL, {200 * MS, 60000 * MS, 60000 * MS, 60000 * MS, 10 * MS}},
        {"sends a byte now and then",
         "GET /metrics?",
         drip_byte,
         {60000 * MS, 200 * MS, 60000 * MS, 60000 * MS, 10 * MS}},
        {"sends half a request",
         "GET /metrics HTTP/1.1\r\n",
         NULL,
         {60000 * MS, 200 * MS, 60000 * MS, 60000 * MS, 10 * MS}},
        {"announces a chunk without an end",
         "POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
         drip_byte,
         {60000 * MS, 200 * MS, 60000 * MS, 60000 * MS, 10 * MS}},
        {"asks once and stays",
         one,
         read_all,
         {200 * MS, 60000 * MS, 60000 * MS, 60000 * MS, 10 * MS}},
        {"asks once and goes on with half a request",
         "GET /metrics?quantity=1 HTTP/1.1\r\nHost: x\r\n\r\nGET /met",
         read_all,
         {60000 * MS, 200 * MS, 60000 * MS, 60000 * MS, 10 * MS}},
        {"does not read",
         everything,
         NULL,
         {60000 * MS, 60000 * MS, 200 * MS, 60000 * MS, 10 * MS}},
        {"reads now and then",
         everything,
         drip_read,
         {60000 * MS, 60000 * MS, 60000 * MS, 200 * MS, 10 * MS}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct door door;

        door_open(&door, 3000, 3000, 200, (struct http_options){.limits = &rows[i].limits});
        int fd = client_connect(&door);
        client_send(fd, rows[i].sent);
        door_wait_clients(&door, 1);
        int64_t took_ns = wait_closed(&door, fd, rows[i].drip);
        print_message("%s: closed after %d ms\n", rows[i].name, (int)(took_ns / MS));
        assert_in_range(took_ns, 150 * MS, 2000 * MS);
        assert_true(is_closed(fd));
        close(fd);
        door_close(&door);
    }
}

/* The first request is due since the accept: silence before it takes of its time. */
static void test_first_request(void **state)
{
    struct http_limits limits = endless;
    struct door door;

    (void)state;
    limits.arrival_ns = 1000 * MS;
    door_open(&door, 3, 3, 1, (struct http_options){.limits = &limits});
    int64_t start_ns = clock_mono_ns();
    int fd = client_connect(&door);
    while (clock_mono_ns() < start_ns + 700 * MS)
        event_base_loop(door.base, EVLOOP_ONCE);
    client_send(fd, "GET ");
    wait_closed(&door, fd, NULL);
    assert_in_range(clock_mono_ns() - start_ns, 900 * MS, 1500 * MS);
    close(fd);
    door_close(&door);
}

/* Any other one is due since its first byte. */
static void test_second_request(void **state)
{
    struct http_limits limits = endless;
    struct door door;

    (void)state;
    limits.arrival_ns = 500 * MS;
    door_open(&door, 3, 3, 1, (struct http_options){.limits = &limits});
    int fd = client_connect(&door);
    client_send(fd, one);
    free(client_answer(&door, fd, false));
    for (int64_t end_ns = clock_mono_ns() + 300 * MS; clock_mono_ns() < end_ns;)
        event_base_loop(door.base, EVLOOP_ONCE);
    client_send(fd, "GET ");
    assert_true(wait_closed(&door, fd, NULL) > 450 * MS);
    close(fd);
    door_close(&door);
}

/* A slow client that keeps to its limits stays: each counts anew. */
static void test_in_time(void **state)
{
    struct http_limits limits = endless;
    struct door door;

    (void)state;
    limits.idle_ns = 300 * MS;
    limits.arrival_ns = 300 * MS;
    door_open(&door, 3, 3, 1, (struct http_options){.limits = &limits});
    int fd = client_connect(&door);
    for (int i = 0; i < 5; i++) {
        int64_t end_ns = clock_mono_ns() + 150 * MS;

        client_send(fd, one);
        char *answer = client_answer(&door, fd, false);
        assert_non_null(strstr(answer, "200 OK"));
        free(answer);
        while (clock_mono_ns() < end_ns)
            event_base_loop(door.base, EVLOOP_ONCE);
    }
    assert_false(is_closed(fd));
    close(fd);
    door_close(&door);
}

/* A client that takes its answer slowly is left alone while it takes some. */
static void test_steady_reader(void **state)
{
    struct http_limits limits = endless;
    struct door door;
    char *bytes = malloc(1 << 18);

    (void)state;
    limits.stall_ns = 300 * MS;
    door_open(&door, 3000, 3000, 200, (struct http_options){.limits = &limits});
    int fd = client_connect(&door);
    client_send(fd, everything);
    door_wait_clients(&door, 1);
    int64_t start_ns = clock_mono_ns();
    for (int64_t read_ns = start_ns; read_ns < start_ns + 900 * MS; read_ns += 30 * MS) {
        (void)!recv(fd, bytes, 1 << 18, 0);
        while (clock_mono_ns() < read_ns)
            event_base_loop(door.base, EVLOOP_ONCE);
    }
    assert_int_equal(http_clients(door.http), 1);
    assert_false(is_closed(fd));
    free(bytes);
    close(fd);
    door_close(&door);
}

/* What a client sends behind its last request is dropped, but not for ever. */
static void test_flood(void **state)
{
    static char bytes[1 << 14];
    struct door door;
    size_t sent = 0;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    door_open(&door, 3, 3, 1, (struct http_options){.limits = &endless});
    int fd = client_connect(&door);
    client_send(fd, "POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    door_wait_clients(&door, 1);
    while (http_clients(door.http) > 0) {
        ssize_t taken = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);

        sent += taken > 0 ? (size_t)taken : 0;
        assert_true(sent < 20 << 20); /* the kernel takes some of it by itself */
        event_base_loop(door.base, EVLOOP_NONBLOCK);
    }
    print_message("closed after %zu KiB\n", sent / 1024);
    assert_true(sent >= 1 << 20);
    assert_true(is_closed(fd));
    close(fd);
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines),      cmocka_unit_test(test_first_request),
        cmocka_unit_test(test_second_request), cmocka_unit_test(test_in_time),
        cmocka_unit_test(test_steady_reader),  cmocka_unit_test(test_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
