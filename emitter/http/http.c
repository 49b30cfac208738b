#include "emitter/http/http.h"

#include "base/clock.h"
#include "base/log.h"
#include "emitter/http/http_answer.h"
#include "emitter/http/http_clients.h"
#include "emitter/http/query.h"
#include "emitter/listen.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

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
    struct http_options options;
    char *instance_path; /* NULL: no instance id is configured */
    struct listening listening;
    struct http_answers *answers;
    struct http_clients *clients;
};

/* Takes as long for any wrong token of one length. */
static bool same_token(struct request_part given, const char *token)
{
    size_t token_len = strlen(token);
    volatile size_t difference = given.len ^ token_len;

    for (size_t i = 0; i < given.len; i++)
        difference = difference | (size_t)(given.at[i] ^ token[token_len > 0 ? i % token_len : 0]);
    return difference == 0;
}

static bool authorized(const struct http *http, struct request_part given)
{
    static const char scheme[] = "Bearer ";
    size_t len = sizeof scheme - 1;

    if (!http->options.token)
        return true;
    if (given.len < len || strncasecmp(given.at, scheme, len) != 0)
        return false;
    while (len < given.len && given.at[len] == ' ')
        len++;
    return same_token((struct request_part){given.at + len, given.len - len}, http->options.token);
}

static void answer_health(const struct http *http, struct http_client *client,
                          const struct request *request, bool whole)
{
    bool healthy = false;
    char *body = http->options.health(http->options.health_arg, whole, &healthy);

    if (body)
        http_answer_text(client, request, healthy ? 200 : 503, body);
    else
        http_answer_error(client, request, HTTP_ERROR_INTERNAL);
    free(body);
}

/* What is known here, of which only one may be wanted by who has no token. */
enum resource { NOWHERE, HEALTH, METRICS };

static enum resource find(const struct http *http, struct request_part path)
{
    if (query_path_is(path, "/healthz"))
        return HEALTH;
    if (query_path_is(path, "/metrics") ||
        (http->instance_path && query_path_is(path, http->instance_path)))
        return METRICS;
    return NOWHERE;
}

static void answer(void *arg, struct http_client *client, const struct request *request)
{
    struct http *http = arg;
    uint32_t quantity = 0;

    if (!request) {
        http_answer_error(client, NULL, HTTP_ERROR_REQUEST);
        return;
    }
    bool trusted = authorized(http, request->authorization);
    enum resource resource = find(http, request->path);
    if (!trusted && resource != HEALTH)
        http_answer_error(client, request, HTTP_ERROR_UNAUTHORIZED);
    else if (resource == NOWHERE)
        http_answer_error(client, request, HTTP_ERROR_NOT_FOUND);
    else if (!request_part_is(request->method, "GET") && !request_part_is(request->method, "HEAD"))
        http_answer_error(client, request, HTTP_ERROR_METHOD);
    else if (resource == HEALTH)
        answer_health(http, client, request, trusted);
    else if (query_quantity(request->query, &quantity) < 0)
        http_answer_error(client, request, HTTP_ERROR_QUANTITY);
    else
        http_answer_snapshots(http->answers, client, request, quantity);
}

/* What each connection inherits. */
static int set_up_socket(const struct listening *listening)
{
    const int send_buffer = SEND_BUFFER_BYTES;
    const int on = 1;

    if (setsockopt(listening->fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer) < 0)
        return -1;
    /* An answer is written in one piece, and is not to wait until the one before is acknowledged.
     */
    if (listening->address.sockaddr.ss_family == AF_UNIX)
        return 0;
    return setsockopt(listening->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
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
    http->options = *options;
    http->listening =
        (struct listening){.fd = listen_open(&options->listen, "http"), .address = options->listen};
    if (http->listening.fd < 0) {
        http_close(http);
        return NULL;
    }
    if (make_instance_path(options, &http->instance_path) < 0)
        goto out;
    const struct http_service service = {.answer = answer, .arg = http};
    http->answers = http_answers_new(ring, series);
    http->clients = http_clients_new(base, http->listening.fd, options->max_connections,
                                     options->limits ? options->limits : &usual_limits, &service);
    if (http->answers && http->clients && set_up_socket(&http->listening) == 0)
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
    http_clients_free(http->clients);
    http_answers_free(http->answers);
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
