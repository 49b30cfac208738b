#include "agent/control/control_client.h"

#include "agent/control/answer.h"
#include "agent/control/control.h"
#include "agent/control/control_words.h"
#include "base/log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAITING_MAX_BYTES ((size_t)64 * 1024)

static const struct timeval patience = {.tv_sec = 10};

/* False: the client is closed. */
static bool give(struct control_client *client, struct bytes *answer)
{
    bool given =
        !answer->failed && bufferevent_write(client->stream, answer->data, answer->len) == 0;

    bytes_clean(answer);
    if (!given)
        control_client_close(client);
    return given;
}

static void give_last(struct control_client *client, struct bytes *answer, int status)
{
    answer_exit(answer, status);
    client->whole = true;
    client->rehearsing = false;
    give(client, answer);
}

/* One that does not read what a command prints is not to make the agent grow. */
static void on_line(void *arg, const char *text, size_t len)
{
    struct control_client *client = arg;
    size_t waiting = evbuffer_get_length(bufferevent_get_output(client->stream));
    struct bytes answer = {0};

    if (waiting + len > WAITING_MAX_BYTES) {
        control_client_close(client);
        return;
    }
    answer_text(&answer, text, len);
    give(client, &answer);
}

static void on_ended(void *arg, int status, const char *why)
{
    struct control_client *client = arg;
    struct bytes answer = {0};
    char words[CONTROL_WORDS_MAX];

    control_status(status, words);
    if (status == 0)
        answer_out(&answer, "on_activate has finished: %s", words);
    else
        answer_err(&answer, "on_activate has failed: %s%s%s", words, *why ? ": " : "", why);
    give_last(client, &answer, status == 0 ? 0 : 1);
}

static void rehearse(struct control_client *client, size_t disk)
{
    const struct attempt_rehearsal rehearsal = {.line = on_line, .ended = on_ended, .arg = client};
    struct bytes answer = {0};
    char why[OPERATE_WHY_MAX];

    client->rehearsing = true;
    if (operate_rehearse(client->parachute, disk, PLAN_ACTIVATE, &rehearsal, why) == 0) {
        log_write(LOG_LEVEL_WARNING,
                  "parachute: on_activate is run as a test, asked for by user %u (pid %d)",
                  (unsigned)client->peer.uid, (int)client->peer.pid);
        return;
    }
    answer_err(&answer, "on_activate is not run: %s", why);
    give_last(client, &answer, 1);
}

static void answer_request(struct control_client *client, char *line)
{
    struct bytes answer = {0};
    size_t disk = control_answer(&answer, client->parachute, line, &client->peer);

    client->whole = disk == operate_disks(client->parachute);
    if (!client->whole)
        answer_out(&answer, "it runs:");
    if (give(client, &answer) && !client->whole)
        rehearse(client, disk);
}

static void refuse_request(struct control_client *client, const char *why)
{
    struct bytes answer = {0};

    answer_err(&answer, "%s", why);
    give_last(client, &answer, 2);
}

/* What comes after the request is not read. */
static void on_input(struct bufferevent *stream, void *arg)
{
    struct control_client *client = arg;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t len = 0;

    if (client->asked) {
        evbuffer_drain(input, evbuffer_get_length(input));
        return;
    }
    char *line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);
    if (!line && evbuffer_get_length(input) < CONTROL_REQUEST_MAX)
        return;
    client->asked = true;
    event_del(client->deadline);
    if (!line || len >= CONTROL_REQUEST_MAX)
        refuse_request(client, "the request is too long");
    else if (strlen(line) != len)
        refuse_request(client, "the request is no line of text");
    else
        answer_request(client, line);
    free(line);
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct control_client *client = arg;

    (void)stream;
    if (client->whole)
        control_client_close(client);
}

/* One that only has no more to say still gets its answer. */
static void on_event(struct bufferevent *stream, short what, void *arg)
{
    struct control_client *client = arg;

    (void)stream;
    if (!(what & BEV_EVENT_EOF) || !client->asked)
        control_client_close(client);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    control_client_close(arg);
}

int control_client_open(struct control_client *client, struct event_base *base,
                        struct parachute *parachute, const struct control_peer *peer, int fd)
{
    *client = (struct control_client){.parachute = parachute, .peer = *peer};
    client->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!client->stream) {
        close(fd);
        return -1;
    }
    client->deadline = evtimer_new(base, on_deadline, client);
    bufferevent_setcb(client->stream, on_input, on_written, on_event, client);
    bufferevent_setwatermark(client->stream, EV_READ, 0, CONTROL_REQUEST_MAX);
    if (client->deadline && evtimer_add(client->deadline, &patience) == 0 &&
        bufferevent_set_timeouts(client->stream, NULL, &patience) == 0 &&
        bufferevent_enable(client->stream, EV_READ | EV_WRITE) == 0)
        return 0;
    control_client_close(client);
    return -1;
}

void control_client_close(struct control_client *client)
{
    if (client->rehearsing)
        operate_forget(client->parachute, client);
    if (client->deadline)
        event_free(client->deadline);
    if (client->stream)
        bufferevent_free(client->stream);
    *client = (struct control_client){0};
}

/* The loop does not run any more: what the socket takes at once is all that is said. */
static void say_at_once(const struct control_client *client)
{
    struct evbuffer *output = bufferevent_get_output(client->stream);
    size_t len = evbuffer_get_length(output);
    const unsigned char *text = evbuffer_pullup(output, -1);

    if (text && send(bufferevent_getfd(client->stream), text, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_write(LOG_LEVEL_DEBUG, "control: a client was not told that the agent stops");
}

void control_client_stop(struct control_client *client)
{
    struct bytes answer = {0};

    if (client->rehearsing) {
        answer_err(&answer, "the agent stops; on_activate goes on, nobody hears it");
        answer_exit(&answer, 1);
        if (!answer.failed && bufferevent_write(client->stream, answer.data, answer.len) == 0)
            say_at_once(client);
        bytes_clean(&answer);
    }
    control_client_close(client);
}
