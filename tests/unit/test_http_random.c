/* The HTTP door: requests of all kinds in a row, in any pieces, with readers of any speed. */
#include "tests/unit/http/any.h"
#include "tests/unit/http/door.h"

#define HOST "Host: x\r\n"

enum { LASTING = 9, KINDS = 12, ROUNDS = 150, ROW_MAX = 12 };

static const char *const requests[KINDS] = {
    "GET /metrics?quantity=1 HTTP/1.1\r\n" HOST "\r\n",
    "GET /metrics?quantity=2 HTTP/1.1\r\n" HOST "\r\n",
    "GET /metrics HTTP/1.1\r\n" HOST "\r\n",
    "HEAD /metrics HTTP/1.1\r\n" HOST "\r\n",
    "HEAD /metrics?quantity=1 HTTP/1.1\r\n" HOST "\r\n",
    "GET /healthz HTTP/1.1\r\n" HOST "\r\n",
    "GET /metrics?quantity=x HTTP/1.1\r\n" HOST "\r\n",
    "GET /metrics?quantity=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "\r\nPUT /metrics HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nGET / \r\n\r\n ",
    /* those that end the connection */
    "GET /metrics HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
    "GET /metrics HTTP/1.0\r\n\r\n",
    "GET  /metrics HTTP/1.1\r\n" HOST "\r\n",
};

struct text {
    char *at;
    size_t len;
};

static void add(struct text *text, const char *more, size_t len)
{
    text->at = realloc(text->at, text->len + len + 1);
    assert_non_null(text->at);
    memcpy(text->at + text->len, more, len + 1);
    text->len += len;
}

/* The length of the next piece; 0 where nothing is left. */
static size_t piece(size_t left, size_t most)
{
    return left > 0 ? 1 + any_below(left < most ? left : most) : 0;
}

/* Says it in pieces and reads in pieces, until the door closes. */
static struct text talk(struct door *door, const struct text *said)
{
    static char bytes[1 << 17];
    const size_t send_most = any_below(2) ? 20 : 100000;
    const size_t read_most = any_below(2) ? 20000 : sizeof bytes - 1;
    int64_t end_ns = clock_mono_ns() + PATIENCE_NS;
    struct text heard = {0};
    size_t sent = 0;
    ssize_t got = -1;
    int fd = client_connect(door);

    while (got != 0) {
        size_t len = piece(said->len - sent, send_most);

        assert_true(clock_mono_ns() < end_ns);
        if (len > 0)
            sent += (size_t)send(fd, said->at + sent, len, MSG_NOSIGNAL);
        if (sent == said->len)
            shutdown(fd, SHUT_WR);
        event_base_loop(door->base, EVLOOP_NONBLOCK);
        got = recv(fd, bytes, piece(read_most, read_most), 0);
        if (got > 0) {
            bytes[got] = '\0';
            add(&heard, bytes, (size_t)got);
        }
    }
    close(fd);
    blank_dates(heard.at);
    return heard;
}

/* What each is answered when it comes alone. */
static void ask_alone(struct door *door, struct text answers[KINDS])
{
    for (size_t i = 0; i < KINDS; i++) {
        struct text said = {0};

        add(&said, requests[i], strlen(requests[i]));
        answers[i] = talk(door, &said);
        assert_true(answers[i].len > 0);
        free(said.at);
    }
}

static void answers_come_in_order(void **state)
{
    struct text answers[KINDS];
    struct door door;

    (void)state;
    door_open(&door, 30, 30, 200, (struct http_options){.limits = &endless});
    ask_alone(&door, answers);
    for (int round = 0; round < ROUNDS; round++) {
        struct text said = {0};
        struct text expected = {0};

        for (size_t i = 1 + any_below(ROW_MAX); i > 0; i--) {
            size_t kind = any_below(i > 1 ? LASTING : KINDS);

            add(&said, requests[kind], strlen(requests[kind]));
            add(&expected, answers[kind].at, answers[kind].len);
        }
        struct text heard = talk(&door, &said);
        assert_int_equal(heard.len, expected.len);
        assert_memory_equal(heard.at, expected.at, expected.len);
        free(heard.at);
        free(said.at);
        free(expected.at);
    }
    for (size_t i = 0; i < KINDS; i++)
        free(answers[i].at);
    door_wait_clients(&door, 0);
    door_close(&door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
