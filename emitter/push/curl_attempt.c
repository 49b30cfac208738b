#include "emitter/push/curl_attempt.h"

#include "emitter/push/connect.h"
#include "emitter/push/curl_library.h"
#include "emitter/push/curl_setup.h"
#include "emitter/push/curl_text.h"
#include "emitter/push/tcp.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>

#define NAME_MS(patience_ms) ((patience_ms)*2)

/*
 * The kernel ends an address's patience, and libcurl turns to the next. It also does so at half of
 * what is left of its own time for all, so that is plenty. This is ours, where nothing else ends
 * it: a TLS handshake that is not answered.
 */
#define ADDRESS_MS(patience_ms) ((patience_ms)*3 / 2)

static struct timeval milliseconds(long ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* Once and for good, as the library stays loaded too. */
static int get_ready(const char **why)
{
    static bool ready;

    *why = "libcurl cannot start";
    ready =
        ready || (curl_library_load(why) == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    return ready ? 0 : -1;
}

static void report(struct curl_attempt *attempt, int fd, const char *error)
{
    curl_loop_rest(&attempt->loop);
    event_del(attempt->deadline);
    attempt->done(attempt->arg, fd, error);
}

static void on_ended(void *arg, CURLcode result)
{
    struct curl_attempt *attempt = arg;
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (result != CURLE_OK) {
        char text[CURL_TEXT_SIZE];

        curl_text_failure(text, attempt->easy, result, attempt->tls, attempt->tells);
        report(attempt, -1, text);
        return;
    }
    if (curl_easy_getinfo(attempt->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd < 0) {
        report(attempt, -1, "the connection is gone already");
        return;
    }
    tcp_connected(fd);
    attempt->tells[0] = '\0';
    report(attempt, fd, NULL);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct curl_attempt *attempt = arg;

    (void)fd;
    (void)what;
    report(attempt, -1, attempt->easy ? curl_text_timeout(attempt->easy) : attempt->tells);
}

/* An address is tried now: it has a patience of its own. libcurl 7.88 sets no close-on-exec itself.
 */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct curl_attempt *attempt = arg;
    const struct timeval wait = milliseconds(ADDRESS_MS(attempt->patience_ms));
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    evtimer_add(attempt->deadline, &wait);
    if (fd >= 0)
        tcp_prepare(fd, (unsigned)attempt->patience_ms);
    return fd;
}

/* Without libcurl the attempt fails at once; that it is missing is told as any other reason. */
int curl_attempt_open(struct curl_attempt *attempt, struct event_base *base,
                      const struct connection_options *options, curl_attempt_cb *done, void *arg)
{
    const struct timeval name_wait = milliseconds(NAME_MS(options->patience_ms));
    const char *why = NULL;

    *attempt = (struct curl_attempt){
        .patience_ms = options->patience_ms, .tls = options->tls, .done = done, .arg = arg};
    attempt->deadline = evtimer_new(base, on_deadline, attempt);
    if (attempt->deadline && get_ready(&why) < 0) {
        snprintf(attempt->tells, sizeof attempt->tells, "%s", why);
        curl_text_clean(attempt->tells);
        return evtimer_add(attempt->deadline, &(struct timeval){0});
    }
    CURL *easy = attempt->deadline ? curl_easy_init() : NULL;
    attempt->easy = easy;
    if (!easy || evtimer_add(attempt->deadline, &name_wait) < 0 ||
        curl_setup(easy, options, CURL_ATTEMPT_WHOLE_MS(options->patience_ms)) < 0 ||
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, attempt) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, attempt->tells) != CURLE_OK)
        return -1;
    return curl_loop_open(&attempt->loop, base, easy, on_ended, attempt);
}

void curl_attempt_close(struct curl_attempt *attempt)
{
    curl_loop_close(&attempt->loop);
    if (attempt->easy)
        curl_easy_cleanup(attempt->easy);
    if (attempt->deadline)
        event_free(attempt->deadline);
    *attempt = (struct curl_attempt){0};
}
