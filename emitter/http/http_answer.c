#include "emitter/http/http_answer.h"

#include "emitter/ring/cursor.h"
#include "emitter/text.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

static const struct {
    int status;
    const char *reason;
    const char *error;
    const char *description;
    const char *header; /* one that belongs to the status, and its value */
    const char *value;
} errors[] = {
    [HTTP_ERROR_REQUEST] = {400, "Bad Request", "badRequest",
                            "The header section is longer than 8 KiB.", "Connection", "close"},
    [HTTP_ERROR_UNAUTHORIZED] = {401, "Unauthorized", "unauthorized",
                                 "A valid token is needed, as Authorization: Bearer.",
                                 "WWW-Authenticate", "Bearer"},
    [HTTP_ERROR_NOT_FOUND] = {404, "Not Found", "notFound", "There is nothing under this path.",
                              NULL, NULL},
    [HTTP_ERROR_METHOD] = {405, "Method Not Allowed", "methodNotAllowed",
                           "Only GET and HEAD are possible here.", "Allow", "GET, HEAD"},
    [HTTP_ERROR_QUANTITY] = {422, "Unprocessable Content", "invalidQuantity",
                             "The quantity of snapshots is 1 to 9 decimal digits, at least 1, "
                             "without sign or leading zero, given once.",
                             NULL, NULL},
    [HTTP_ERROR_INTERNAL] = {500, "Internal Server Error", "internalError",
                             "The answer could not be made; memory may be short.", NULL, NULL},
};

struct stream {
    struct evhttp_request *request;
    struct http_clients *clients;
    const struct ring *ring;
    const struct series_table *series;
    struct ring_cursor cursor;
    uint64_t end; /* one past the newest of this answer */
    bool begun;   /* an element was written */
    bool done;    /* so was the closing bracket */
    struct evbuffer *chunk;
};

/*
 * evhttp begins to read again with all that it writes. It would take the end of the client's data
 * for the end of the client, and hold all else that comes.
 */
static void read_no_more(struct evhttp_request *request)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(request);

    bufferevent_disable(evhttp_connection_get_bufferevent(connection), EV_READ);
}

static void add_headers(struct evhttp_request *request)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    evhttp_add_header(headers, "Content-Type", "application/json");
    evhttp_add_header(headers, "Cache-Control", "no-store");
}

/* Sends all of `body`, which may be NULL where memory is short. */
static void send_whole(struct evhttp_request *request, int status, const char *reason,
                       struct evbuffer *body)
{
    bool head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
    char length[24];

    snprintf(length, sizeof length, "%zu", body ? evbuffer_get_length(body) : 0);
    add_headers(request);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Length", length);
    evhttp_send_reply(request, status, reason, head ? NULL : body);
    read_no_more(request);
}

void http_answer_text(struct evhttp_request *request, int status, const char *text)
{
    struct evbuffer *body = evbuffer_new();

    if (body)
        evbuffer_add_printf(body, "%s\n", text);
    send_whole(request, status, NULL, body);
    if (body)
        evbuffer_free(body);
}

void http_answer_error(struct evhttp_request *request, enum http_error error)
{
    struct evbuffer *body = evbuffer_new();

    if (body)
        evbuffer_add_printf(body, "{\"error\": \"%s\", \"description\": \"%s\"}\n",
                            errors[error].error, errors[error].description);
    if (errors[error].header)
        evhttp_add_header(evhttp_request_get_output_headers(request), errors[error].header,
                          errors[error].value);
    send_whole(request, errors[error].status, errors[error].reason, body);
    if (body)
        evbuffer_free(body);
}

static void stream_free(struct stream *stream)
{
    if (!stream)
        return;
    cursor_clean(&stream->cursor);
    if (stream->chunk)
        evbuffer_free(stream->chunk);
    free(stream);
}

/* Adds the next snapshots to the chunk, until that is full or the answer's last one is in it. */
static int add_snapshots(struct stream *stream, struct snapshot *snapshot)
{
    while (stream->cursor.next < stream->end && evbuffer_get_length(stream->chunk) < CHUNK_BYTES) {
        if (!cursor_next(&stream->cursor, stream->ring, snapshot))
            return -1;
        if (stream->cursor.next > stream->end)
            break; /* the rest was overwritten, and this one is newer than the answer */
        struct bytes text = {0};
        if (text_json(&text, stream->series, snapshot, !stream->begun) < 0)
            return -1;
        evbuffer_add(stream->chunk, text.data, text.len);
        bytes_clean(&text);
        stream->begun = true;
    }
    return 0;
}

/* Fills the empty chunk. A slow reader keeps no snapshot for the next one: there may be many. */
static int stream_fill(struct stream *stream)
{
    struct snapshot snapshot = {0};
    int added = add_snapshots(stream, &snapshot);

    snapshot_clean(&snapshot);
    if (added < 0 || stream->cursor.next < stream->end)
        return added;
    stream->done = true;
    return evbuffer_add(stream->chunk, "\n]\n", 3);
}

/*
 * The connection ends under a stream. The request is evhttp's to free, unless evhttp has parted the
 * two: then it waits for us to be done with it.
 */
static void on_close(struct evhttp_connection *connection, void *arg)
{
    struct stream *stream = arg;

    (void)connection;
    if (!evhttp_request_get_connection(stream->request))
        evhttp_request_free(stream->request);
    stream_free(stream);
}

static void on_taken(struct evhttp_connection *connection, void *arg);

static void stream_send(struct stream *stream)
{
    struct evhttp_request *request = stream->request;

    evhttp_send_reply_chunk_with_cb(request, stream->chunk, on_taken, stream);
    if (stream->done) {
        evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
        stream_free(stream);
        evhttp_send_reply_end(request);
    }
    read_no_more(request); /* still there: evhttp frees it when all has been written */
}

static void on_taken(struct evhttp_connection *connection, void *arg)
{
    struct stream *stream = arg;

    (void)connection;
    if (stream_fill(stream) < 0)
        http_clients_doom(stream->clients, stream->request);
    else
        stream_send(stream);
}

/*
 * An HTTP/1.0 client gets no chunks: its stream ends with the connection. If it asked to keep that,
 * evhttp would promise it a length, of 0.
 */
static void keep_alive_no_more(struct evhttp_request *request)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    const char *value = evhttp_find_header(headers, "Connection");

    while (value && strcasecmp(value, "close") != 0) {
        evhttp_remove_header(headers, "Connection");
        value = evhttp_find_header(headers, "Connection");
    }
}

static void stream_begin(struct stream *stream)
{
    struct evhttp_request *request = stream->request;

    add_headers(request);
    if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
        stream_free(stream);
        evhttp_send_reply(request, 200, "OK", NULL);
        read_no_more(request);
        return;
    }
    keep_alive_no_more(request);
    evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, stream);
    evhttp_send_reply_start(request, 200, "OK");
    stream_send(stream);
}

static struct stream *stream_new(struct evhttp_request *request, struct http_clients *clients,
                                 const struct ring *ring, const struct series_table *series)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return NULL;
    stream->request = request;
    stream->clients = clients;
    stream->ring = ring;
    stream->series = series;
    stream->end = ring_end(ring);
    stream->chunk = evbuffer_new();
    if (!stream->chunk || evbuffer_add(stream->chunk, "[\n", 2) < 0) {
        stream_free(stream);
        return NULL;
    }
    return stream;
}

void http_answer_snapshots(struct evhttp_request *request, struct http_clients *clients,
                           const struct ring *ring, const struct series_table *series,
                           uint32_t quantity)
{
    struct stream *stream = stream_new(request, clients, ring, series);

    if (!stream) {
        http_answer_error(request, HTTP_ERROR_INTERNAL);
        return;
    }
    stream->cursor.next = ring_back(ring, quantity > 0 ? quantity : SIZE_MAX);
    if (stream_fill(stream) == 0 && !stream->done) {
        stream_begin(stream);
        return;
    }
    if (stream->done)
        send_whole(request, 200, "OK", stream->chunk);
    else
        http_answer_error(request, HTTP_ERROR_INTERNAL);
    stream_free(stream);
}
