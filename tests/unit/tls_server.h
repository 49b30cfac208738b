/* A TLS server that is not ours: `openssl s_server` as a child, which writes what it hears. */
#ifndef TESTS_UNIT_TLS_SERVER_H
#define TESTS_UNIT_TLS_SERVER_H

#include "tests/unit/attempt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TLS_PATIENCE_MS 10000

struct tls_server {
    char folder[64]; /* of certificates, see tests/e2e/certificates.py */
    struct bench bench;
    struct connector *connector;
    pid_t pid;
    uint16_t port;
    int input; /* the server ends where its input ends */
    struct evbuffer *heard;
    struct event *hears;
    size_t awaited;
};

/* False, and says so, where there is no openssl. */
static inline bool tls_available(void)
{
    if (system("openssl version >/dev/null 2>&1") == 0)
        return true;
    print_message("skipped: there is no openssl here (Debian's package openssl)\n");
    return false;
}

static inline const char *tls_file(const struct tls_server *server, const char *name)
{
    static char paths[8][128];
    static size_t next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", server->folder, name);
    return path;
}

static inline void tls_open(struct tls_server *server)
{
    char command[256];

    *server = (struct tls_server){.folder = "/tmp/altimeter-tls-XXXXXX"};
    assert_non_null(mkdtemp(server->folder));
    snprintf(command, sizeof command, "/usr/bin/python3 -B tests/e2e/certificates.py %s",
             server->folder);
    assert_int_equal(system(command), 0);
    bench_open(&server->bench, 1, 1);
    server->connector = connector_new(server->bench.base);
    server->heard = evbuffer_new();
}

static inline void tls_hear(evutil_socket_t fd, short what, void *arg)
{
    struct tls_server *server = arg;

    (void)what;
    if (evbuffer_read(server->heard, fd, 1 << 20) <= 0)
        event_del(server->hears);
}

/* In the child. `extra` are further arguments, ended by NULL. */
static inline void tls_exec(const struct tls_server *server, const char *leaf, int in, int out,
                            const char *const extra[])
{
    const char *args[24] = {"openssl", "s_server", "-quiet", "-accept"};
    char accept[32];
    char name[64];
    size_t count = 4;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    snprintf(accept, sizeof accept, "127.0.0.1:%u", (unsigned)server->port);
    snprintf(name, sizeof name, "%s.pem", leaf);
    args[count++] = accept;
    args[count++] = "-cert";
    args[count++] = tls_file(server, name);
    while (extra && *extra && count < 23)
        args[count++] = *extra++;
    execvp("openssl", (char **)args);
    _exit(127);
}

static inline void tls_attempt(struct tls_server *server, struct attempt *attempt, const char *host,
                               struct connection_options options)
{
    if (options.patience_ms == 0)
        options.patience_ms = TLS_PATIENCE_MS;
    options.tls = true;
    open_attempt_with(attempt, server->connector, host, server->port, options);
    bench_until(&server->bench, is_done, attempt);
}

/* Starts it with the certificate of `leaf`. It may not listen yet. */
static inline void tls_start(struct tls_server *server, const char *leaf, const char *const extra[])
{
    int in[2];
    int out[2];
    int probe = listen_on_loopback(INADDR_LOOPBACK, 0, -1);

    server->port = port_of(probe);
    close(probe);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(evutil_make_socket_nonblocking(out[0]), 0); /* and not the child's end */
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0)
        tls_exec(server, leaf, in[0], out[1], extra);
    close(in[0]);
    close(out[1]);
    server->input = in[1];
    server->hears = event_new(server->bench.base, out[0], EV_READ | EV_PERSIST, tls_hear, server);
    event_add(server->hears, NULL);
}

static inline void tls_stop(struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->input);
    close(event_get_fd(server->hears));
    event_free(server->hears);
    evbuffer_drain(server->heard, evbuffer_get_length(server->heard));
}

/* Connects, as soon as the server listens. */
static inline void tls_connect(struct tls_server *server, struct attempt *attempt, const char *host,
                               struct connection_options options)
{
    do
        tls_attempt(server, attempt, host, options);
    while (strcmp(attempt->error, "connection refused") == 0);
}

static inline bool tls_heard(void *arg)
{
    const struct tls_server *server = arg;

    return evbuffer_get_length(server->heard) >= server->awaited;
}

static inline void tls_close(struct tls_server *server)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", server->folder);
    assert_int_equal(system(command), 0);
    evbuffer_free(server->heard);
    connector_free(server->connector);
    bench_close(&server->bench);
}

#endif
