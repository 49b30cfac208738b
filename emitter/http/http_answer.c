#include "emitter/http/http_answer.h"

#include "base/clock.h"
#include "emitter/http/http_stream.h"
#include "emitter/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEADERS "Content-Type: application/json\r\nCache-Control: no-store\r\n"
#define OK "HTTP/1.1 200 OK\r\n" HEADERS

static const struct {
    const char *status;
    const char *error;
    const char *description;
    const char *header; /* one that belongs to the status */
} errors[] = {
    [HTTP_ERROR_REQUEST] = {"400 Bad Request", "badRequest",
                            "This is no proper HTTP request, or its head is longer than 8 KiB.",
                            ""},
    [HTTP_ERROR_UNAUTHORIZED] = {"401 Unauthorized", "unauthorized",
                                 "A valid token is needed, as Authorization: Bearer.",
                                 "WWW-Authenticate: Bearer\r\n"},
    [HTTP_ERROR_NOT_FOUND] = {"404 Not Found", "notFound", "There is nothing under this path.", ""},
    [HTTP_ERROR_METHOD] = {"405 Method Not Allowed", "methodNotAllowed",
                           "Only GET and HEAD are possible here.", "Allow: GET, HEAD\r\n"},
    [HTTP_ERROR_QUANTITY] = {"422 Unprocessable Content", "invalidQuantity",
                             "The quantity of snapshots is 1 to 9 decimal digits, at least 1, "
                             "without sign or leading zero, given once.",
                             ""},
    [HTTP_ERROR_INTERNAL] = {"500 Internal Server Error", "internalError",
                             "The answer could not be made; memory may be short.", ""},
};

struct http_answers {
    const struct ring *ring;
    const struct series_table *series;
    struct http_stream_desk desk;
    struct bytes newest; /* the newest snapshot's body */
    char newest_head[160];
    uint64_t newest_end; /* the ring's end when it was made; 0: it was not */
};

/* Made once a second. */
static const char *date_line(void)
{
    static char line[48];
    static time_t made_s;
    time_t now_s = (time_t)(clock_wall_ns() / CLOCK_NS_PER_S);
    struct tm utc;

    if (now_s != made_s && gmtime_r(&now_s, &utc) &&
        strftime(line, sizeof line, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc) > 0)
        made_s = now_s;
    return line;
}

/* The end of an answer's head: what becomes of the connection, and an empty line. */
static const char *head_end(const struct http_client *client, const struct request *request)
{
    if (http_client_is_last(client))
        return "Connection: close\r\n\r\n";
    return request && request->old ? "Connection: keep-alive\r\n\r\n" : "\r\n";
}

static bool is_head(const struct request *request)
{
    return request && request_part_is(request->method, "HEAD");
}

/* `body` follows `head`, of which the end is missing, and which tells its length. */
static void send_whole(struct http_client *client, const struct request *request, const char *head,
                       const char *body, size_t len)
{
    const char *date = date_line();
    const char *end = head_end(client, request);
    struct iovec parts[] = {
        {(void *)head, strlen(head)},
        {(void *)date, strlen(date)},
        {(void *)end, strlen(end)},
        {(void *)body, len},
    };

    http_client_send(client, parts, is_head(request) ? 3 : 4);
}

void http_answer_error(struct http_client *client, const struct request *request,
                       enum http_error error)
{
    char body[256];
    char head[256];
    int len = snprintf(body, sizeof body, "{\"error\": \"%s\", \"description\": \"%s\"}\n",
                       errors[error].error, errors[error].description);
    int head_len = snprintf(head, sizeof head, "HTTP/1.1 %s\r\n" HEADERS "%sContent-Length: %d\r\n",
                            errors[error].status, errors[error].header, len);

    /* All of it is of the table above, and fits. */
    if (len < (int)sizeof body && head_len < (int)sizeof head)
        send_whole(client, request, head, body, (size_t)len);
}

void http_answer_text(struct http_client *client, const struct request *request, int status,
                      const char *text)
{
    char *body = NULL;
    char head[160];
    int len = asprintf(&body, "%s\n", text);

    if (len < 0 ||
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\n" HEADERS "Content-Length: %d\r\n",
                 status == 200 ? "200 OK" : "503 Service Unavailable", len) >= (int)sizeof head) {
        http_answer_error(client, request, HTTP_ERROR_INTERNAL);
        return;
    }
    send_whole(client, request, head, body, (size_t)len);
    free(body);
}

struct http_answers *http_answers_new(const struct ring *ring, const struct series_table *series)
{
    struct http_answers *answers = calloc(1, sizeof *answers);

    if (!answers)
        return NULL;
    answers->ring = ring;
    answers->series = series;
    return answers;
}

void http_answers_free(struct http_answers *answers)
{
    if (!answers)
        return;
    bytes_clean(&answers->newest);
    bytes_clean(&answers->desk.chunk);
    snapshot_clean(&answers->desk.snapshot);
    free(answers);
}

/* -1: memory is short. */
static int make_newest(struct http_answers *answers)
{
    struct bytes *body = &answers->newest;
    struct snapshot *snapshot = &answers->desk.snapshot;

    answers->newest_end = 0;
    bytes_cut(body, 0);
    bytes_add(body, "[\n", 2);
    if (ring_newest(answers->ring, snapshot) < 0 ||
        text_json(body, answers->series, snapshot, true) < 0)
        return -1;
    bytes_add(body, "\n]\n", 3);
    if (body->failed ||
        snprintf(answers->newest_head, sizeof answers->newest_head, OK "Content-Length: %zu\r\n",
                 body->len) >= (int)sizeof answers->newest_head)
        return -1;
    answers->newest_end = ring_end(answers->ring);
    return 0;
}

static void answer_newest(struct http_answers *answers, struct http_client *client,
                          const struct request *request)
{
    if (answers->newest_end != ring_end(answers->ring) && make_newest(answers) < 0)
        http_answer_error(client, request, HTTP_ERROR_INTERNAL);
    else
        send_whole(client, request, answers->newest_head, (const char *)answers->newest.data,
                   answers->newest.len);
}

/* An HTTP/1.0 client gets no chunks: its stream ends with the connection. */
static void stream(struct http_client *client, const struct request *request,
                   struct http_stream *stream)
{
    char head[256];

    if (request->old)
        http_client_make_last(client);
    int len = snprintf(head, sizeof head, OK "%s%s%s",
                       request->old ? "" : "Transfer-Encoding: chunked\r\n", date_line(),
                       head_end(client, request));
    struct iovec part = {head, len < (int)sizeof head ? (size_t)len : 0};

    if (is_head(request)) {
        http_client_send(client, &part, 1);
        http_stream_free(stream);
    } else
        http_stream_start(stream, client, part, !request->old);
}

void http_answer_snapshots(struct http_answers *answers, struct http_client *client,
                           const struct request *request, uint32_t quantity)
{
    char head[160];

    if (quantity == 1) {
        answer_newest(answers, client, request);
        return;
    }
    struct http_stream *begun =
        http_stream_new(&answers->desk, answers->ring, answers->series, quantity);
    int more = begun ? http_stream_fill(begun) : -1;
    if (more > 0) {
        stream(client, request, begun);
        return;
    }
    const struct bytes *body = &answers->desk.chunk;
    if (more == 0 &&
        snprintf(head, sizeof head, OK "Content-Length: %zu\r\n", body->len) < (int)sizeof head)
        send_whole(client, request, head, (const char *)body->data, body->len);
    else
        http_answer_error(client, request, HTTP_ERROR_INTERNAL);
    http_stream_free(begun);
}
