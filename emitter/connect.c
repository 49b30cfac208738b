#include "emitter/connect.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * libcurl gives the first of several addresses half of what is left of its own time, but sets no
 * timer for the end of that half: so it is nudged.
 */
#define NUDGE_MS 100

/* Less than two patiences, so that libcurl turns to the second address before our own deadline. */
#define WHOLE_MS(patience_ms) ((patience_ms)*9 / 5)

struct connector {
    struct event_base *base;
};

/*
 * Each has a multi handle of its own: one that is shared also shares libcurl's cache of
 * connections, which closes those that it finds idle or too old, and ours look idle to it.
 */
struct connection {
    struct event_base *base;
    CURLM *multi;
    CURL *easy;
    struct event *timer; /* libcurl's */
    struct event *nudge;
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
    event_del(connection->timer);
    event_del(connection->nudge);
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

static void report_result(struct connection *connection, CURLcode result)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (result != CURLE_OK) {
        report_failure(connection, result);
        return;
    }
    if (curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK)
        connection->fd = fd;
    report(connection, connection->fd < 0 ? "the connection is gone already" : NULL);
}

/* Whether that ended the attempt; the connection may be gone then. */
static void hear(struct connection *connection)
{
    int unused = 0;
    const CURLMsg *message = NULL;

    while ((message = curl_multi_info_read(connection->multi, &unused))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        report_result(connection, message->data.result);
        return;
    }
}

static void act(struct connection *connection, curl_socket_t fd, int events)
{
    int unused = 0;

    curl_multi_socket_action(connection->multi, fd, events, &unused);
    hear(connection);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    act(arg, fd,
        ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_nudge(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;
    int unused = 0;

    (void)fd;
    (void)what;
    curl_multi_perform(connection->multi, &unused);
    hear(connection);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    report(arg, timeout_text(arg));
}

/* libcurl wants a socket watched, otherwise than before, or no more. `watch` is that socket's. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
    struct connection *connection = arg;
    short events = (short)(((what & CURL_POLL_IN) ? EV_READ : 0) |
                           ((what & CURL_POLL_OUT) ? EV_WRITE : 0) | EV_PERSIST);
    struct event *event = NULL;

    (void)easy;
    if (watch)
        event_free(watch);
    if (what != CURL_POLL_REMOVE) {
        event = event_new(connection->base, fd, events, on_socket, connection);
        if (event && event_add(event, NULL) < 0) {
            event_free(event);
            event = NULL;
        }
    }
    curl_multi_assign(connection->multi, fd, event);
    return what == CURL_POLL_REMOVE || event ? 0 : -1;
}

static int set_timer(CURLM *multi, long wait_ms, void *arg)
{
    const struct connection *connection = arg;
    const struct timeval wait = milliseconds(wait_ms);

    (void)multi;
    if (wait_ms < 0 || !connection->done)
        return event_del(connection->timer);
    return evtimer_add(connection->timer, &wait);
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

static int start(struct connection *connection, const struct address_peer *peer, long patience_ms)
{
    const struct timeval whole = milliseconds(WHOLE_MS(patience_ms));
    const struct timeval nudge = milliseconds(NUDGE_MS);

    connection->patience = milliseconds(patience_ms);
    connection->easy = curl_easy_init();
    connection->multi = curl_multi_init();
    connection->timer = evtimer_new(connection->base, on_timer, connection);
    connection->nudge = event_new(connection->base, -1, EV_PERSIST, on_nudge, connection);
    connection->deadline = evtimer_new(connection->base, on_deadline, connection);
    if (!connection->easy || !connection->multi || !connection->timer || !connection->nudge ||
        !connection->deadline || event_add(connection->nudge, &nudge) < 0 ||
        evtimer_add(connection->deadline, &whole) < 0)
        return -1;
    curl_multi_setopt(connection->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(connection->multi, CURLMOPT_SOCKETDATA, connection);
    curl_multi_setopt(connection->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(connection->multi, CURLMOPT_TIMERDATA, connection);
    if (set_options(connection, peer, patience_ms) < 0)
        return -1;
    /* Only sets the timer: all else happens on the loop. */
    return curl_multi_add_handle(connection->multi, connection->easy) == CURLM_OK ? 0 : -1;
}

struct connection *connection_open(struct connector *connector, const struct address_peer *peer,
                                   long patience_ms, connection_cb *done, void *arg)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return NULL;
    connection->base = connector->base;
    connection->done = done;
    connection->arg = arg;
    connection->fd = -1;
    if (start(connection, peer, patience_ms) == 0)
        return connection;
    connection_close(connection);
    return NULL;
}

void connection_close(struct connection *connection)
{
    if (!connection)
        return;
    connection->done = NULL;
    if (connection->multi && connection->easy)
        curl_multi_remove_handle(connection->multi, connection->easy);
    curl_easy_cleanup(connection->easy);
    curl_multi_cleanup(connection->multi);
    if (connection->timer)
        event_free(connection->timer);
    if (connection->nudge)
        event_free(connection->nudge);
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
