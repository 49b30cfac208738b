/* The HTTP door: what a connection may carry, and what it is not to carry. */
#include "tests/unit/http/door.h"

#define HOST "Host: x\r\n"
#define LAST HOST "Connection: close\r\n\r\n"

/* What a connection may carry: request, and how often a status line comes back before it closes. */
static void test_connections(void **state)
{
    static const struct {
        const char *requests;
        int answers;
        bool half_close; /* else the last request closes */
    } rows[] = {
        {"GET /metrics HTTP/1.1\r\n" HOST "\r\n", 1, true},
        {"GET /metrics HTTP/1.1\r\n" HOST "\r\nHEAD /x HTTP/1.1\r\n" HOST
         "\r\nGET /healthz HTTP/1.1\r\n" LAST,
         3, false},
        {"GET /metrics HTTP/1.0\r\n\r\n", 1, false},
        {"GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /metrics HTTP/1.0\r\n\r\n", 2,
         false},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n" HOST
         "\r\nabcdGET /metrics HTTP/1.1\r\n" LAST,
         2, false},
        {"GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST
         "\r\n2\r\nab\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n" LAST,
         2, false},
        /* no proper request: evhttp says so by itself, and closes */
        {"\x16\x03\x01\x02\x01garbage\r\n\r\n", 1, false},
        {"GET /metrics\r\n\r\n", 1, false},
        {"GET /metrics HTTP/9.9\r\n\r\n", 1, false},
        {"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", 1, false},
        {"GET /metrics HTTP/1.1\r\nContent-Length: x\r\n\r\n", 1, false},
        {"GET /metrics HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nx", 1, false},
        {"GET /metrics HTTP/1.1\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n", 1, false},
    };
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 2, (struct http_options){0});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = client_connect(&door);
        int answers = 0;

        print_message("%s\n", rows[i].requests);
        client_send(fd, rows[i].requests);
        if (rows[i].half_close)
            shutdown(fd, SHUT_WR);
        char *answer = client_answer(&door, fd, true);
        close(fd);
        for (char *p = answer; (p = strstr(p, "HTTP/1.")); p++)
            answers++;
        assert_int_equal(answers, rows[i].answers);
        free(answer);
    }
    door_close(&door);
}

/* More requests at once than the door would keep: they wait in the kernel. */
static void test_pipeline(void **state)
{
    enum { REQUESTS = 2000 };
    static const char request[] = "HEAD /x HTTP/1.1\r\n" HOST "\r\n";
    struct door door;
    int answers = 0;

    (void)state;
    door_open(&door, 3, 3, 2, (struct http_options){0});
    int fd = client_connect(&door);
    for (int i = 0; i < REQUESTS; i++)
        client_send(fd, request);
    shutdown(fd, SHUT_WR);
    char *answer = client_answer(&door, fd, true);
    for (char *p = answer; (p = strstr(p, "HTTP/1.1 404 ")); p++)
        answers++;
    assert_int_equal(answers, REQUESTS);
    free(answer);
    close(fd);
    door_close(&door);
}

static void test_long_header(void **state)
{
    struct door door;
    char request[10000];
    size_t len = (size_t)snprintf(request, sizeof request, "GET /metrics HTTP/1.1\r\nLong: ");

    (void)state;
    memset(request + len, 'x', sizeof request - len - 1);
    request[sizeof request - 1] = '\0';
    door_open(&door, 3, 3, 2, (struct http_options){0});
    char *answer = ask(&door, request);
    assert_memory_equal(answer, "HTTP/1.1 400 ", 13);
    free(answer);
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_long_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
