#include "emitter/push/connect.h"

#include "emitter/push/curl_attempt.h"
#include "emitter/push/curl_text.h"
#include "emitter/push/dial.h"
#include "emitter/push/tcp.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_BYTES 16384 /* the longest plaintext of a TLS record */

struct connector {
    struct event_base *base;
    struct dialer *dialer;
};

struct connection {
    bool tls;
    struct dial *dial;           /* without TLS, until it has answered */
    struct curl_attempt attempt; /* with TLS, and then libcurl has the descriptor */
    int fd;                      /* -1 until connected */
    connection_cb *done;
    void *arg;
    int error; /* of the last send or recv that failed without TLS */

    char *record;       /* what send took last, with TLS: it may have to be offered again */
    size_t pending;     /* that many bytes of it got EAGAIN */
    long connect_errno; /* of an address that failed first; libcurl goes on telling it */
};

struct connector *connector_new(struct event_base *base)
{
    struct connector *connector = calloc(1, sizeof *connector);

    if (!connector)
        return NULL;
    connector->base = base;
    connector->dialer = dialer_new(base);
    if (connector->dialer)
        return connector;
    free(connector);
    return NULL;
}

void connector_free(struct connector *connector)
{
    if (!connector)
        return;
    dialer_free(connector->dialer);
    free(connector);
}

static void on_attempted(void *arg, int fd, const char *error)
{
    struct connection *connection = arg;

    connection->dial = NULL; /* it is gone */
    connection->fd = fd;
    if (connection->tls && fd >= 0)
        curl_easy_getinfo(connection->attempt.easy, CURLINFO_OS_ERRNO, &connection->connect_errno);
    connection->done(connection->arg, error);
}

static int start(struct connection *connection, struct connector *connector,
                 const struct connection_options *options)
{
    if (!options->tls) {
        connection->dial = dial_start(connector->dialer, options, on_attempted, connection);
        return connection->dial ? 0 : -1;
    }
    connection->record = malloc(RECORD_BYTES);
    return connection->record ? curl_attempt_open(&connection->attempt, connector->base, options,
                                                  on_attempted, connection)
                              : -1;
}

struct connection *connection_open(struct connector *connector,
                                   const struct connection_options *options, connection_cb *done,
                                   void *arg)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return NULL;
    *connection = (struct connection){.tls = options->tls, .fd = -1, .done = done, .arg = arg};
    if (start(connection, connector, options) == 0)
        return connection;
    connection_close(connection);
    return NULL;
}

void connection_close(struct connection *connection)
{
    if (!connection)
        return;
    dial_end(connection->dial);
    curl_attempt_close(&connection->attempt);
    if (!connection->tls && connection->fd >= 0)
        close(connection->fd);
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
    curl_easy_getinfo(connection->attempt.easy, CURLINFO_OS_ERRNO, &error);
    if (error == 0 || error == connection->connect_errno)
        error = EPROTO;
    if (error != EPROTO || !connection->attempt.tells[0])
        snprintf(connection->attempt.tells, sizeof connection->attempt.tells, "%s",
                 strerror((int)error));
    curl_text_clean(connection->attempt.tells);
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
        curl_easy_send(connection->attempt.easy, connection->record, connection->pending, &sent);
    if (result != CURLE_OK)
        return fail_tls(connection, result);
    connection->pending = 0;
    return (ssize_t)sent;
}

/* Of a socket without TLS. */
static ssize_t noted(struct connection *connection, ssize_t len)
{
    if (len < 0 && errno != EAGAIN)
        connection->error = errno;
    return len;
}

ssize_t connection_send(struct connection *connection, const void *bytes, size_t len)
{
    if (connection->tls)
        return send_record(connection, bytes, len);
    return noted(connection, send(connection->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT));
}

ssize_t connection_recv(struct connection *connection, void *bytes, size_t len)
{
    size_t received = 0;

    if (!connection->tls)
        return noted(connection, recv(connection->fd, bytes, len, MSG_DONTWAIT));
    CURLcode result = curl_easy_recv(connection->attempt.easy, bytes, len, &received);
    return result == CURLE_OK ? (ssize_t)received : fail_tls(connection, result);
}

const char *connection_why(const struct connection *connection)
{
    return connection->tls ? connection->attempt.tells : strerror(connection->error);
}

uint64_t connection_unacked(const struct connection *connection)
{
    uint64_t bytes = tcp_unacked(connection->fd);

    if (!connection->tls || bytes == 0 || bytes == UINT64_MAX)
        return bytes;
    return bytes + RECORD_BYTES;
}
