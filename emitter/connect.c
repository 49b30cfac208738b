#include "emitter/connect.h"

#include "emitter/curl_loop.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Less than two patiences, so that libcurl turns to the second address before our own deadline. */
#define WHOLE_MS(patience_ms) ((patience_ms)*9 / 5)

struct connector {
    struct event_base *base;
};

struct connection {
    struct curl_loop loop;
    CURL *easy;
    struct event *deadline;
    struct timeval patience; /* for one address */
    connection_cb *done;     /* NULL once it was called */
    void *arg;
    int fd; /* -1 until connected */
};

static struct timeval milliseconds(long ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

struct connector *connector_new(struct event_base *base)
{
    struct connector *connector = calloc(1, sizeof *connector);

    if (!connector)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(connector);
        return NULL;
    }
    connector->base = base;
    return connector;
}

void connector_free(struct connector *connector)
{
    if (!connector)
        return;
    curl_global_cleanup();
    free(connector);
}

static void report(struct connection *connection, const char *error)
{
    connection_cb *done = connection->done;

    connection->done = NULL;
    curl_loop_rest(&connection->loop);
    event_del(connection->deadline);
    done(connection->arg, error);
}

/* Without a name's address after all that time, it is the name server that does not answer. */
static const char *timeout_text(const struct connection *connection)
{
    curl_off_t resolved_us = 0;

    curl_easy_getinfo(connection->easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
    return resolved_us > 0 ? "no answer in time" : "the name server does not answer in time";
}

static void report_failure(struct connection *connection, CURLcode result)
{
    char text[128];
    long error = 0;

    curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &error);
    if (result == CURLE_OPERATION_TIMEDOUT)
        snprintf(text, sizeof text, "%s", timeout_text(connection));
    else if (result == CURLE_COULDNT_RESOLVE_HOST)
        snprintf(text, sizeof text, "could not resolve the host name");
    else if (result == CURLE_COULDNT_CONNECT && error != 0)
        snprintf(text, sizeof text, "%s", strerror((int)error));
    else
        snprintf(text, sizeof text, "%s", curl_easy_strerror(result));
    text[0] = (char)tolower((unsigned char)text[0]);
    report(connection, text);
}

static void on_ended(void *arg, CURLcode result)
{
    struct connection *connection = arg;
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (result != CURLE_OK) {
        report_failure(connection, result);
        return;
    }
    if (curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK)
        connection->fd = fd;
    report(connection, connection->fd < 0 ? "the connection is gone already" : NULL);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    report(arg, timeout_text(arg));
}

/* An address is tried now: it has a patience of its own. libcurl 7.88 sets no close-on-exec itself.
 */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct connection *connection = arg;

    (void)purpose;
    evtimer_add(connection->deadline, &connection->patience);
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int set_options(struct connection *connection, const struct address_peer *peer,
                       long patience_ms)
{
    CURL *easy = connection->easy;
    const char *bracket[2] = {"", ""};
    char url[ADDRESS_HOST_MAX + 32];

    if (strchr(peer->host, ':')) {
        bracket[0] = "[";
        bracket[1] = "]";
    }
    snprintf(url, sizeof url, "http://%s%s%s:%u/", bracket[0], peer->host, bracket[1],
             (unsigned)peer->port);

    /* QUICK_EXIT: closing does not wait for a resolver thread, which may hang for seconds. */
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, WHOLE_MS(patience_ms)) ==
                       CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, connection) == CURLE_OK
               ? 0
               : -1;
}

static int start(struct connection *connection, struct event_base *base,
                 const struct address_peer *peer, long patience_ms)
{
    const struct timeval whole = milliseconds(WHOLE_MS(patience_ms));

    connection->patience = milliseconds(patience_ms);
    connection->easy = curl_easy_init();
    connection->deadline = evtimer_new(base, on_deadline, connection);
    if (!connection->easy || !connection->deadline ||
        evtimer_add(connection->deadline, &whole) < 0 ||
        set_options(connection, peer, patience_ms) < 0)
        return -1;
    return curl_loop_open(&connection->loop, base, connection->easy, on_ended, connection);
}

struct connection *connection_open(struct connector *connector, const struct address_peer *peer,
                                   long patience_ms, connection_cb *done, void *arg)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return NULL;
    connection->done = done;
    connection->arg = arg;
    connection->fd = -1;
    if (start(connection, connector->base, peer, patience_ms) == 0)
        return connection;
    connection_close(connection);
    return NULL;
}

void connection_close(struct connection *connection)
{
    if (!connection)
        return;
    connection->done = NULL;
    curl_loop_close(&connection->loop);
    curl_easy_cleanup(connection->easy);
    if (connection->deadline)
        event_free(connection->deadline);
    free(connection);
}

int connection_fd(const struct connection *connection)
{
    return connection->fd;
}

/* -1 with errno, as send(2) and recv(2) would give it. */
static ssize_t fail(const struct connection *connection, CURLcode result)
{
    long error = 0;

    curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &error);
    if (result == CURLE_AGAIN)
        errno = EAGAIN;
    else
        errno = error != 0 ? (int)error : EIO;
    return -1;
}

ssize_t connection_send(struct connection *connection, const void *bytes, size_t len)
{
    size_t sent = 0;
    CURLcode result = curl_easy_send(connection->easy, bytes, len, &sent);

    return result == CURLE_OK ? (ssize_t)sent : fail(connection, result);
}

ssize_t connection_recv(struct connection *connection, void *bytes, size_t len)
{
    size_t received = 0;
    CURLcode result = curl_easy_recv(connection->easy, bytes, len, &received);

    return result == CURLE_OK ? (ssize_t)received : fail(connection, result);
}
