#include "emitter/push/connect.h"

#include "emitter/push/curl_library.h"
#include "emitter/push/curl_loop.h"
#include "emitter/push/curl_setup.h"
#include "emitter/push/curl_text.h"
#include "emitter/push/tcp.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * The kernel ends an address's patience, and libcurl turns to the next. It also does so at half of
 * what is left of its own time for all, so that must be plenty.
 */
#define WHOLE_MS(patience_ms) ((patience_ms)*12)
#define NAME_MS(patience_ms) ((patience_ms)*2)

/* Ours, where nothing else ends it: a TLS handshake that is not answered. */
#define ADDRESS_MS(patience_ms) ((patience_ms)*3 / 2)

#define RECORD_BYTES 16384 /* the longest plaintext of a TLS record */

struct connector {
    struct event_base *base;
    bool ready; /* libcurl is loaded */
};

struct connection {
    struct curl_loop loop;
    CURL *easy;
    struct event *deadline;
    long patience_ms;
    connection_cb *done; /* NULL once it was called */
    void *arg;
    int fd; /* -1 until connected */

    bool tls;
    char *record;       /* what send took last, with TLS: it may have to be offered again */
    size_t pending;     /* that many bytes of it got EAGAIN */
    long connect_errno; /* of an address that failed first; libcurl goes on telling it */
    char tells[CURL_ERROR_SIZE]; /* libcurl's words, or none; then see connection_why */
};

static struct timeval milliseconds(long ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

struct connector *connector_new(struct event_base *base)
{
    struct connector *connector = calloc(1, sizeof *connector);

    if (connector)
        connector->base = base;
    return connector;
}

void connector_free(struct connector *connector)
{
    if (connector && connector->ready)
        curl_global_cleanup();
    free(connector);
}

static int get_ready(struct connector *connector, const char **why)
{
    *why = "libcurl cannot start";
    connector->ready = connector->ready || (curl_library_load(why) == 0 &&
                                            curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    return connector->ready ? 0 : -1;
}

static void report(struct connection *connection, const char *error)
{
    connection_cb *done = connection->done;

    connection->done = NULL;
    curl_loop_rest(&connection->loop);
    event_del(connection->deadline);
    done(connection->arg, error);
}

static void on_ended(void *arg, CURLcode result)
{
    struct connection *connection = arg;
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (result != CURLE_OK) {
        char text[CURL_TEXT_SIZE];

        curl_text_failure(text, connection->easy, result, connection->tls, connection->tells);
        report(connection, text);
        return;
    }
    if (curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK)
        connection->fd = fd;
    if (connection->fd < 0) {
        report(connection, "the connection is gone already");
        return;
    }
    tcp_connected(fd);
    curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &connection->connect_errno);
    connection->tells[0] = '\0';
    report(connection, NULL);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;

    (void)fd;
    (void)what;
    report(connection, connection->easy ? curl_text_timeout(connection->easy) : connection->tells);
}

/* An address is tried now: it has a patience of its own. libcurl 7.88 sets no close-on-exec itself.
 */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct connection *connection = arg;
    const struct timeval wait = milliseconds(ADDRESS_MS(connection->patience_ms));
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    evtimer_add(connection->deadline, &wait);
    if (fd >= 0)
        tcp_prepare(fd, (unsigned)connection->patience_ms);
    return fd;
}

/* Without libcurl the connection fails at once; that it is missing is told as any other reason. */
static int start(struct connection *connection, struct connector *connector,
                 const struct connection_options *options)
{
    const struct timeval name_wait = milliseconds(NAME_MS(options->patience_ms));
    const char *why = NULL;

    connection->deadline = evtimer_new(connector->base, on_deadline, connection);
    if (connection->deadline && get_ready(connector, &why) < 0) {
        snprintf(connection->tells, sizeof connection->tells, "%s", why);
        curl_text_clean(connection->tells);
        return evtimer_add(connection->deadline, &(struct timeval){0});
    }
    CURL *easy = connection->deadline ? curl_easy_init() : NULL;
    connection->easy = easy;
    if (options->tls)
        connection->record = malloc(RECORD_BYTES);
    if (!easy || (options->tls && !connection->record) ||
        evtimer_add(connection->deadline, &name_wait) < 0 ||
        curl_setup(easy, options, WHOLE_MS(options->patience_ms)) < 0 ||
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, connection) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->tells) != CURLE_OK)
        return -1;
    return curl_loop_open(&connection->loop, connector->base, easy, on_ended, connection);
}

struct connection *connection_open(struct connector *connector,
                                   const struct connection_options *options, connection_cb *done,
                                   void *arg)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return NULL;
    connection->done = done;
    connection->arg = arg;
    connection->fd = -1;
    connection->tls = options->tls;
    connection->patience_ms = options->patience_ms;
    if (start(connection, connector, options) == 0)
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
    if (connection->easy)
        curl_easy_cleanup(connection->easy);
    if (connection->deadline)
        event_free(connection->deadline);
    free(connection->record);
    free(connection);
}

int connection_fd(const struct connection *connection)
{
    return connection->fd;
}

/* -1 with errno, as send(2) and recv(2) would give it; EPROTO where TLS itself is the trouble. */
static ssize_t fail_tls(struct connection *connection, CURLcode result)
{
    long error = 0;

    if (result == CURLE_AGAIN) {
        errno = EAGAIN;
        return -1;
    }
    curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &error);
    if (error == 0 || error == connection->connect_errno)
        error = EPROTO;
    if (error != EPROTO || !connection->tells[0])
        snprintf(connection->tells, sizeof connection->tells, "%s", strerror((int)error));
    curl_text_clean(connection->tells);
    errno = (int)error;
    return -1;
}

/*
 * One record, from a place of our own: after EAGAIN OpenSSL goes on with the bytes it saw, and
 * wants to be shown them in the same place.
 */
static ssize_t send_record(struct connection *connection, const void *bytes, size_t len)
{
    size_t sent = 0;

    if (connection->pending == 0) {
        connection->pending = len < RECORD_BYTES ? len : RECORD_BYTES;
        memcpy(connection->record, bytes, connection->pending);
    } else if (len < connection->pending ||
               memcmp(bytes, connection->record, connection->pending) != 0) {
        return fail_tls(connection, CURLE_SEND_ERROR);
    }
    CURLcode result =
        curl_easy_send(connection->easy, connection->record, connection->pending, &sent);
    if (result != CURLE_OK)
        return fail_tls(connection, result);
    connection->pending = 0;
    return (ssize_t)sent;
}

/* Without TLS libcurl would only pass on what the socket does. */
static ssize_t passed_on(struct connection *connection, ssize_t len)
{
    if (len < 0 && errno != EAGAIN)
        snprintf(connection->tells, sizeof connection->tells, "%s", strerror(errno));
    return len;
}

ssize_t connection_send(struct connection *connection, const void *bytes, size_t len)
{
    if (connection->tls)
        return send_record(connection, bytes, len);
    return passed_on(connection, send(connection->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT));
}

ssize_t connection_recv(struct connection *connection, void *bytes, size_t len)
{
    size_t received = 0;

    if (!connection->tls)
        return passed_on(connection, recv(connection->fd, bytes, len, MSG_DONTWAIT));
    CURLcode result = curl_easy_recv(connection->easy, bytes, len, &received);
    return result == CURLE_OK ? (ssize_t)received : fail_tls(connection, result);
}

const char *connection_why(const struct connection *connection)
{
    return connection->tells;
}

uint64_t connection_unacked(const struct connection *connection)
{
    uint64_t bytes = tcp_unacked(connection->fd);

    if (!connection->tls || bytes == 0 || bytes == UINT64_MAX)
        return bytes;
    return bytes + RECORD_BYTES;
}
