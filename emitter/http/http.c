#include "emitter/http/http.h"

#include "base/clock.h"
#include "base/log.h"
#include "emitter/http/http_answer.h"
#include "emitter/http/http_clients.h"
#include "emitter/http/query.h"
#include "emitter/listen.h"

#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define HEADERS_MAX_BYTES 8192
#define BODY_MAX_BYTES 8192 /* nobody needs one; with it, a POST is told what it may do instead */
#define EVERY_METHOD UINT16_MAX

/*
 * Of each connection, inherited from the listening socket. Without it the system keeps megabytes
 * for a client that reads slowly, and the client seems to have stalled while they drain.
 */
#define SEND_BUFFER_BYTES (256 * 1024)

static const struct http_limits usual_limits = {.idle_ns = 10 * CLOCK_NS_PER_S,
                                                .arrival_ns = 10 * CLOCK_NS_PER_S,
                                                .stall_ns = 30 * CLOCK_NS_PER_S,
                                                .answer_ns = 600 * CLOCK_NS_PER_S,
                                                .sweep_ns = CLOCK_NS_PER_S};

struct http {
    const struct ring *ring;
    const struct series_table *series;
    struct http_options options;
    char *instance_path; /* NULL: no instance id is configured */
    struct listening listening;
    struct evhttp *server;
    struct http_clients *clients;
};

/* Takes as long for any wrong token of one length. */
static bool same_token(const char *given, const char *token)
{
    size_t given_len = strlen(given);
    size_t token_len = strlen(token);
    volatile size_t difference = given_len ^ token_len;

    for (size_t i = 0; i < given_len; i++)
        difference = difference | (size_t)(given[i] ^ token[token_len > 0 ? i % token_len : 0]);
    return difference == 0;
}

static bool authorized(const struct http *http, struct evhttp_request *request)
{
    static const char scheme[] = "Bearer ";
    const char *given =
        evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");

    if (!http->options.token)
        return true;
    if (!given || strncasecmp(given, scheme, strlen(scheme)) != 0)
        return false;
    given += strlen(scheme);
    return same_token(given + strspn(given, " "), http->options.token);
}

/* evhttp counts what it keeps of the headers' lines, but not their ends. */
static bool too_long(struct evhttp_request *request)
{
    const struct evkeyval *header = NULL;
    size_t total = 0;

    TAILQ_FOREACH (header, evhttp_request_get_input_headers(request), next)
        total += strlen(header->key) + strlen(header->value) + strlen(": \r\n");
    return total > HEADERS_MAX_BYTES;
}

/* Methods of which evhttp does not read the body: it would take it for the next request. */
static bool leaves_body(struct evhttp_request *request)
{
    const unsigned bodiless =
        EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT;
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);

    return ((unsigned)evhttp_request_get_command(request) & bodiless) != 0 &&
           (evhttp_find_header(headers, "Content-Length") ||
            evhttp_find_header(headers, "Transfer-Encoding"));
}

static void answer_health(const struct http *http, struct evhttp_request *request, bool whole)
{
    bool healthy = false;
    char *body = http->options.health(http->options.health_arg, whole, &healthy);

    if (body)
        http_answer_text(request, healthy ? 200 : 503, body);
    else
        http_answer_error(request, HTTP_ERROR_INTERNAL);
    free(body);
}

static void on_request(struct evhttp_request *request, void *arg)
{
    struct http *http = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = evhttp_uri_get_path(uri);
    enum evhttp_cmd_type method = evhttp_request_get_command(request);
    bool trusted = authorized(http, request);
    bool health = query_path_is(path, "/healthz");
    uint32_t quantity = 0;

    http_clients_answering(http->clients, request);
    if (leaves_body(request))
        evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
    if (too_long(request))
        http_answer_error(request, HTTP_ERROR_REQUEST);
    else if (!trusted && !health)
        http_answer_error(request, HTTP_ERROR_UNAUTHORIZED);
    else if (!health && !query_path_is(path, "/metrics") &&
             !(http->instance_path && query_path_is(path, http->instance_path)))
        http_answer_error(request, HTTP_ERROR_NOT_FOUND);
    else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD)
        http_answer_error(request, HTTP_ERROR_METHOD);
    else if (health)
        answer_health(http, request, trusted);
    else if (query_quantity(evhttp_uri_get_query(uri), &quantity) < 0)
        http_answer_error(request, HTTP_ERROR_QUANTITY);
    else
        http_answer_snapshots(request, http->clients, http->ring, http->series, quantity);
}

/* From the listening socket on, evhttp owns the listener and we own its descriptor. */
static int serve(struct http *http, struct event_base *base)
{
    const struct http_options *options = &http->options;
    const int send_buffer = SEND_BUFFER_BYTES;
    struct evconnlistener *listener =
        evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, http->listening.fd);

    if (!listener)
        return -1;
    if (!evhttp_bind_listener(http->server, listener)) {
        evconnlistener_free(listener);
        return -1;
    }
    http->clients = http_clients_new(base, listener, options->max_connections,
                                     options->limits ? options->limits : &usual_limits);
    if (!http->clients)
        return -1;
    if (setsockopt(http->listening.fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer) < 0)
        return -1;
    evhttp_set_bevcb(http->server, http_clients_accept, http->clients);
    evhttp_set_gencb(http->server, on_request, http);
    evhttp_set_allowed_methods(http->server, EVERY_METHOD);
    evhttp_set_max_headers_size(http->server, HEADERS_MAX_BYTES);
    evhttp_set_max_body_size(http->server, BODY_MAX_BYTES);
    return 0;
}

/* NULL where no instance id is configured. */
static int make_instance_path(const struct http_options *options, char **path)
{
    *path = NULL;
    if (!options->instance_id ||
        asprintf(path, "/v1/instances/%s/metrics", options->instance_id) >= 0)
        return 0;
    *path = NULL;
    return -1;
}

struct http *http_open(struct event_base *base, const struct ring *ring,
                       const struct series_table *series, const struct http_options *options)
{
    struct http *http = calloc(1, sizeof *http);

    if (!http)
        goto out;
    http->ring = ring;
    http->series = series;
    http->options = *options;
    http->listening =
        (struct listening){.fd = listen_open(&options->listen, "http"), .address = options->listen};
    if (http->listening.fd < 0) {
        http_close(http);
        return NULL;
    }
    if (make_instance_path(options, &http->instance_path) < 0)
        goto out;
    http->server = evhttp_new(base);
    if (http->server && serve(http, base) == 0)
        return http;
out:
    log_write(LOG_LEVEL_ERROR, "http: not enough memory");
    http_close(http);
    return NULL;
}

void http_close(struct http *http)
{
    if (!http)
        return;
    if (http->server)
        evhttp_free(http->server);
    http_clients_free(http->clients);
    if (http->listening.fd >= 0)
        listen_leave(&http->listening);
    free(http->instance_path);
    free(http);
}

int http_adapt(struct http *http, const struct http_options *options)
{
    char *path = NULL;

    if (make_instance_path(options, &path) < 0) {
        log_write(LOG_LEVEL_ERROR, "http: not enough memory");
        return -1;
    }
    free(http->instance_path);
    http->instance_path = path;
    http->options = *options;
    http_clients_limit(http->clients, options->max_connections);
    return 0;
}

struct listening *http_listening(struct http *http)
{
    return &http->listening;
}

size_t http_clients(const struct http *http)
{
    return http_clients_count(http->clients);
}
