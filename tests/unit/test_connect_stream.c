/* A long stream through libcurl's door, plain and in TLS, to a peer that reads by fits and starts.
 */
#include "emitter/push/tcp.h"
#include "tests/unit/tls_server.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>

#define STREAM_BYTES (8 << 20)
#define RECORD_BYTES 16384
#define FRAME_BYTES 22 /* around each record of TLS 1.3: its head, its type, its tag */
#define RECORDS_MAX 8192

static struct tls_server server;

/* What is sent, and what TCP must have acknowledged before a part of it can be read. */
struct stream {
    struct connection *connection;
    struct event *writable;
    char *bytes;
    char *places[2]; /* in turn, what is offered lies here or there */
    size_t sent;
    unsigned refusals; /* EAGAIN */
    int unsent_max_bytes;

    bool tls;
    uint64_t acked_before; /* by the handshake */
    size_t count;
    size_t record_ends[RECORDS_MAX];
};

static int set_up(void **state)
{
    (void)state;
    tls_open(&server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_close(&server);
    return 0;
}

static uint64_t acked_bytes(const struct stream *stream)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    int fd = connection_fd(stream->connection);

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_bytes_acked;
}

/* How many of the bytes sent the peer is sure to have, able to read them. */
static size_t readable_bytes(const struct stream *stream)
{
    uint64_t acked = acked_bytes(stream) - stream->acked_before;
    size_t plain = 0;

    if (!stream->tls)
        return (size_t)acked;
    for (size_t i = 0; i < stream->count; i++) {
        if (stream->record_ends[i] + (i + 1) * FRAME_BYTES > acked)
            break;
        plain = stream->record_ends[i];
    }
    return plain;
}

/* The kernel is asked before and after: an acknowledgement may come in between. */
static void judge(struct stream *stream)
{
    uint64_t unacked = connection_unacked(stream->connection);
    int unsent = 0;

    if (unacked < stream->sent)
        assert_true(stream->sent - unacked <= readable_bytes(stream));
    assert_int_equal(ioctl(connection_fd(stream->connection), SIOCOUTQNSD, &unsent), 0);
    if (unsent > stream->unsent_max_bytes)
        stream->unsent_max_bytes = unsent;
    assert_true(unsent <= TCP_UNSENT_MAX_BYTES);
}

/* One that was refused is not repeated from the same place, nor in the same length. */
static bool offer(struct stream *stream)
{
    const size_t left = STREAM_BYTES - stream->sent;
    const size_t wanted = stream->refusals % 2 ? RECORD_BYTES : RECORD_BYTES * 3;
    const size_t len = left < wanted ? left : wanted;

    char *offered = stream->places[stream->refusals % 2];

    memcpy(offered, stream->bytes + stream->sent, len);
    ssize_t sent = connection_send(stream->connection, offered, len);
    if (sent < 0) {
        assert_int_equal(errno, EAGAIN);
        stream->refusals++;
    } else {
        assert_true(sent > 0);
        stream->sent += (size_t)sent;
        assert_true(stream->count < RECORDS_MAX);
        stream->record_ends[stream->count++] = stream->sent;
    }
    memset(offered, 'x', len);
    judge(stream);
    return sent > 0 && len < left;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct stream *stream = arg;

    (void)fd;
    (void)what;
    while (offer(stream))
        ;
    if (stream->sent == STREAM_BYTES)
        event_del(stream->writable);
}

static bool is_refused(void *arg)
{
    return ((const struct stream *)arg)->refusals > 0;
}

/* Nothing tells when the last acknowledgement comes. */
static void wait_until_acked(struct stream *stream)
{
    while (connection_unacked(stream->connection) > 0) {
        judge(stream);
        event_base_loop(server.bench.base, EVLOOP_NONBLOCK);
    }
    assert_true(readable_bytes(stream) == STREAM_BYTES);
}

static void wait_until_heard(const struct stream *stream)
{
    server.awaited = STREAM_BYTES;
    bench_until(&server.bench, tls_heard, &server);
    assert_int_equal(evbuffer_get_length(server.heard), STREAM_BYTES);
    assert_memory_equal(evbuffer_pullup(server.heard, -1), stream->bytes, STREAM_BYTES);
}

static void stream_open(struct stream *stream, struct connection *connection, bool tls)
{
    *stream = (struct stream){.connection = connection, .tls = tls};
    stream->bytes = malloc(STREAM_BYTES);
    for (size_t i = 0; i < 2; i++)
        stream->places[i] = malloc((size_t)RECORD_BYTES * 3);
    for (size_t i = 0; i < STREAM_BYTES; i++)
        stream->bytes[i] = (char)(i * 2654435761U >> 16);
    while (tcp_unacked(connection_fd(connection)) > 0) /* the handshake's end */
        event_base_loop(server.bench.base, EVLOOP_NONBLOCK);
    stream->acked_before = acked_bytes(stream);
    stream->writable = event_new(server.bench.base, connection_fd(connection),
                                 EV_WRITE | EV_PERSIST, on_writable, stream);
    event_add(stream->writable, NULL);
}

static void stream_close(struct stream *stream)
{
    event_free(stream->writable);
    connection_close(stream->connection);
    free(stream->bytes);
    for (size_t i = 0; i < 2; i++)
        free(stream->places[i]);
}

static void in_tls_nothing_is_doubled_or_missing(void **state)
{
    static const char *const version[] = {"-tls1_3", NULL};
    struct attempt attempt;
    struct stream stream;

    (void)state;
    tls_start(&server, "good", version);
    tls_connect(&server, &attempt, "localhost",
                (struct connection_options){.tls_ca = tls_file(&server, "ca.crt")});
    assert_string_equal(attempt.error, "");
    stream_open(&stream, attempt.connection, true);
    kill(server.pid, SIGSTOP);
    bench_until(&server.bench, is_refused, &stream);
    assert_true(connection_unacked(stream.connection) > RECORD_BYTES);
    kill(server.pid, SIGCONT);
    wait_until_heard(&stream);
    wait_until_acked(&stream);
    assert_true(stream.unsent_max_bytes > 0);
    stream_close(&stream);
    tls_stop(&server);
}

/* After EAGAIN a part of these bytes may be out: it would be the end of the stream to go on with
 * others. */
static void in_tls_other_bytes_than_before_are_refused(void **state)
{
    struct attempt attempt;
    struct stream stream;

    (void)state;
    tls_start(&server, "good", NULL);
    tls_connect(&server, &attempt, "localhost",
                (struct connection_options){.tls_ca = tls_file(&server, "ca.crt")});
    stream_open(&stream, attempt.connection, true);
    kill(server.pid, SIGSTOP);
    bench_until(&server.bench, is_refused, &stream);
    memset(stream.places[0], 'x', RECORD_BYTES);
    assert_int_equal(connection_send(stream.connection, stream.places[0], RECORD_BYTES), -1);
    assert_int_equal(errno, EPROTO);
    assert_int_equal(connection_send(stream.connection, stream.bytes + stream.sent, 1), -1);
    assert_int_equal(errno, EPROTO);
    stream_close(&stream);
    tls_stop(&server);
}

static void never_more_than_128_kib_are_unsent(void **state)
{
    struct attempt attempt;
    struct stream stream;
    struct event *reads = NULL;
    int fd = listen_on_loopback(INADDR_LOOPBACK, 0, 1);

    (void)state;
    open_attempt(&attempt, server.connector, "127.0.0.1", port_of(fd), TLS_PATIENCE_MS);
    bench_until(&server.bench, is_done, &attempt);
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    stream_open(&stream, attempt.connection, false);
    bench_until(&server.bench, is_refused, &stream);
    server.hears = reads =
        event_new(server.bench.base, peer, EV_READ | EV_PERSIST, tls_hear, &server);
    event_add(reads, NULL);
    wait_until_heard(&stream);
    wait_until_acked(&stream);
    stream_close(&stream);
    event_free(reads);
    evbuffer_drain(server.heard, STREAM_BYTES);
    close(peer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_more_than_128_kib_are_unsent),
        cmocka_unit_test(in_tls_nothing_is_doubled_or_missing),
        cmocka_unit_test(in_tls_other_bytes_than_before_are_refused),
    };

    return tls_available() ? cmocka_run_group_tests(tests, set_up, tear_down) : 0;
}
