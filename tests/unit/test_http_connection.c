/* The HTTP door: what a connection may carry, and what it is not to carry. */
#include "tests/unit/http/door.h"

#include <jansson.h>

#define HOST "Host: x\r\n"
#define LAST HOST "Connection: close\r\n\r\n"

static const struct {
    const char *requests;
    int answers;     /* how many come before the door closes */
    int last;        /* the status of the last one */
    bool half_close; /* else the door closes by itself */
} rows[] = {
    {"GET /metrics HTTP/1.1\r\n" HOST "\r\n", 1, 200, true},
    {"GET /metrics HTTP/1.1\r\n" HOST "\r\nHEAD /x HTTP/1.1\r\n" HOST
     "\r\nGET /healthz HTTP/1.1\r\n" LAST,
     3, 200, false},
    {"\r\nGET /x HTTP/1.1\r\n" HOST "\r\n\r\n\r\nGET /metrics HTTP/1.1\r\n" LAST, 2, 200, false},
    {"GET /metrics HTTP/1.1\r\n" LAST "GET /x HTTP/1.1\r\n" HOST "\r\n", 1, 200, false},
    {"GET /metrics HTTP/1.0\r\n\r\n", 1, 200, false},
    {"GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /x HTTP/1.0\r\n\r\n", 2, 404,
     false},
    /* bodies: those that can be read to their end are, and others end the connection */
    {"POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n" HOST
     "\r\nabcdGET /metrics HTTP/1.1\r\n" LAST,
     2, 200, false},
    {"POST /metrics HTTP/1.1\r\nContent-Length: 99999999\r\n" HOST
     "\r\nGET /metrics HTTP/1.1\r\n" LAST,
     1, 405, false},
    {"GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST
     "\r\n2\r\nab\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n" LAST,
     1, 200, false},
    {"GET /metrics HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" HOST "\r\n", 1, 200,
     false},
    /* no proper request; what comes before it is answered */
    {"\x16\x03\x01\x02\x01garbage", 1, 400, false},
    {"GET /metrics\r\n", 1, 400, false},
    {"GET /metrics HTTP/9.9\r\n\r\n", 1, 400, false},
    {"GET /metrics HTTP/1.1\r\n\r\n", 1, 400, false},
    {"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", 1, 400, false},
    {"GET /metrics HTTP/1.1\r\nContent-Length: x\r\n\r\n", 1, 400, false},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1, 400, false},
    {"GET /metrics HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "a b: c\r\n\r\n", 2, 400,
     false},
    /* no whole one */
    {"GET /metrics HTTP/1.1\r\n" HOST, 0, 0, true},
    {"\r\n\r\n", 0, 0, true},
};

/* What is refused is told as everything else is. */
static void assert_refused(char *answer)
{
    assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
    json_t *object = json_loads(body_of(answer), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(object, "error")), "badRequest");
    json_decref(object);
}

static void test_connections(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 2, (struct http_options){.limits = &endless});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = client_connect(&door);
        int answers = 0;
        char *last = NULL;

        print_message("%s\n", rows[i].requests);
        client_send(fd, rows[i].requests);
        if (rows[i].half_close)
            shutdown(fd, SHUT_WR);
        char *answer = client_answer(&door, fd, true);
        close(fd);
        door_wait_clients(&door, 0);
        for (char *p = answer; (p = strstr(p, "HTTP/1.1 ")); p++, answers++)
            last = p;
        assert_int_equal(answers, rows[i].answers);
        if (last) {
            assert_int_equal(strtol(last + strlen("HTTP/1.1 "), NULL, 10), rows[i].last);
            if (rows[i].last == 400)
                assert_refused(last);
        }
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

/* The answer to which a client has not listened yet is not lost to a reset. */
static void test_still_sending(void **state)
{
    static const char *const heads[] = {
        "POST /metrics HTTP/1.1\r\nContent-Length: 500000\r\n" HOST "\r\n",
        "POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST "\r\n",
        "no request\r\n",
        "GET /metrics HTTP/1.1\r\nLong: ",
    };
    static char bytes[50000];
    struct door door;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    door_open(&door, 3, 3, 2, (struct http_options){.limits = &endless});
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        int fd = client_connect(&door);
        char byte = 0;

        client_send(fd, heads[i]);
        for (int n = 0; n < 10; n++) {
            door_run(&door);
            assert_int_equal(send(fd, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
        }
        char *answer = client_answer(&door, fd, false);
        assert_memory_equal(answer, i < 2 ? "HTTP/1.1 405 " : "HTTP/1.1 400 ", 13);
        assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
        free(answer);
        door_run(&door);
        assert_int_equal(recv(fd, &byte, 1, 0), 0);
        assert_int_equal(http_clients(door.http), 1);
        close(fd);
        door_wait_clients(&door, 0);
    }
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_still_sending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
