#include "parachute/run/supervisor.h"

#include "base/clock.h"
#include "parachute/keep/keeper.h"
#include "parachute/run/command.h"
#include "parachute/run/printed.h"
#include "parachute/run/words.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define AGENT 0            /* the socket, see base/helper.h */
#define PATIENCE_MS 1000   /* with an agent that does not read, before the end is written down */
#define GROUP_LOOK_MS 50   /* how often it is looked whether a group that got TERM is gone */
#define AFTER_KILL_MS 1000 /* for the rest of a group to go */

struct supervisor {
    struct command command;
    bool agent_gone;
    bool ended; /* the command; it is not reaped, so that its group's number stays its own */
    bool termed;
    bool killed;
    bool over;
    int64_t next_ns; /* termed or killed: when to go on; before: the timeout; 0: none */
    int64_t look_ns; /* when to look at the group again */
    size_t lines_sent;
    struct printed printed;
    struct supervisor_message message;
    char buffer[64 * 1024];
};

/* Whether it is on its way, or the agent is gone; else the socket is full. */
static bool send_message(struct supervisor *supervisor, int flags)
{
    size_t len = offsetof(struct supervisor_message, text) + supervisor->message.len;
    ssize_t sent = -1;

    do {
        sent = send(AGENT, &supervisor->message, len, flags | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN && errno != ENOBUFS)
        supervisor->agent_gone = true;
    return sent >= 0 || supervisor->agent_gone;
}

static void send_started(struct supervisor *supervisor)
{
    supervisor->message = (struct supervisor_message){
        .kind = SUPERVISOR_STARTED,
        .command = process_of(supervisor->command.pid),
        .supervisor = process_of(getpid()),
    };
    send_message(supervisor, 0);
}

/* What is full now is sent later; whether nothing is left. */
static bool send_lines(struct supervisor *supervisor)
{
    while (!supervisor->agent_gone && supervisor->lines_sent < supervisor->printed.count) {
        const struct printed_line *line = &supervisor->printed.lines[supervisor->lines_sent];

        supervisor->message = (struct supervisor_message){
            .kind = SUPERVISOR_LINE,
            .len = line->len,
        };
        memcpy(supervisor->message.text, line->text, line->len);
        if (!send_message(supervisor, MSG_DONTWAIT))
            return false;
        supervisor->lines_sent++;
    }
    return true;
}

static bool send_ended(struct supervisor *supervisor, int status, const char *why)
{
    supervisor->message = (struct supervisor_message){
        .kind = SUPERVISOR_ENDED,
        .status = status,
        .unshown_lines = supervisor->printed.unshown_lines,
        .unshown_bytes = supervisor->printed.unshown_bytes,
        .len = strlen(why),
    };
    memcpy(supervisor->message.text, why, strlen(why));
    return send_message(supervisor, MSG_DONTWAIT);
}

/* Milliseconds for poll until then; 0: no such time. */
static int wait_ms(int64_t at_ns)
{
    int64_t left_ns = at_ns - clock_mono_ns();
    int64_t left_ms = (left_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;

    if (at_ns == 0)
        return -1;
    if (left_ms < 0)
        return 0;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

/* All that is left for the agent, until then. Whether it is done, or the agent is gone. */
static bool deliver(struct supervisor *supervisor, int status, const char *why, int64_t until_ns)
{
    for (;;) {
        struct pollfd writable = {.fd = AGENT, .events = POLLOUT};

        if (send_lines(supervisor) && send_ended(supervisor, status, why))
            return true;
        if (until_ns != 0 && clock_mono_ns() >= until_ns)
            return false;
        poll(&writable, 1, wait_ms(until_ns));
    }
}

/* Whether it said go; else it is gone. */
static bool hear_go(void)
{
    char byte = 0;
    ssize_t got = 0;

    do {
        got = recv(AGENT, &byte, 1, 0);
    } while (got < 0 && errno == EINTR);
    return got == 1;
}

static void hear_agent(struct supervisor *supervisor)
{
    char byte = 0;
    ssize_t got = recv(AGENT, &byte, 1, MSG_DONTWAIT);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        supervisor->agent_gone = true;
}

static void close_output(struct supervisor *supervisor)
{
    close(supervisor->command.output);
    supervisor->command.output = -1;
}

/* What one read gives, of at most `most` bytes. */
static size_t read_output(struct supervisor *supervisor, size_t most)
{
    size_t size = most < sizeof supervisor->buffer ? most : sizeof supervisor->buffer;
    ssize_t got = read(supervisor->command.output, supervisor->buffer, size);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        close_output(supervisor);
    if (got > 0)
        printed_add(&supervisor->printed, supervisor->buffer, (size_t)got);
    return got > 0 ? (size_t)got : 0;
}

/* What is in the pipe now, and no more: a child in the background may go on printing for ever. */
static void read_rest(struct supervisor *supervisor)
{
    int left = 0;
    size_t got = 1;

    if (supervisor->command.output >= 0)
        ioctl(supervisor->command.output, FIONREAD, &left);
    for (; left > 0 && got > 0 && supervisor->command.output >= 0; left -= (int)got)
        got = read_output(supervisor, (size_t)left);
    printed_end(&supervisor->printed);
}

/* Over its timeout: TERM, then KILL, until nothing of the group is left. */
static void force(struct supervisor *supervisor, int64_t now_ns)
{
    const struct command *command = &supervisor->command;

    if (!supervisor->termed) {
        command_signal(command, SIGTERM);
        command_signal(command, SIGCONT); /* one that is stopped could not obey */
        supervisor->termed = true;
        supervisor->next_ns = now_ns + SUPERVISOR_KILL_AFTER_MS * CLOCK_NS_PER_MS;
    } else if (!supervisor->killed) {
        command_signal(command, SIGKILL);
        supervisor->killed = true;
        supervisor->next_ns = now_ns + AFTER_KILL_MS * CLOCK_NS_PER_MS;
    } else {
        supervisor->next_ns = 0;
    }
}

/* Goes on in time. An end that has come by itself counts before a timeout that came with it. */
static void go_on(struct supervisor *supervisor)
{
    int64_t now_ns = clock_mono_ns();

    if (supervisor->ended && !supervisor->termed) {
        supervisor->over = true;
        return;
    }
    if (supervisor->next_ns != 0 && now_ns >= supervisor->next_ns)
        force(supervisor, now_ns);
    if (!supervisor->ended || now_ns < supervisor->look_ns)
        return;
    supervisor->over = (supervisor->killed && supervisor->next_ns == 0) ||
                       !process_group_lives(supervisor->command.pid);
    supervisor->look_ns = clock_mono_ns() + GROUP_LOOK_MS * CLOCK_NS_PER_MS;
}

static int64_t wake_ns(const struct supervisor *supervisor)
{
    if (supervisor->termed && supervisor->ended)
        return supervisor->look_ns;
    return supervisor->next_ns;
}

static void watch(struct supervisor *supervisor)
{
    while (!supervisor->over) {
        bool unsent = supervisor->lines_sent < supervisor->printed.count;
        struct pollfd watched[] = {
            {.fd = supervisor->agent_gone ? -1 : AGENT,
             .events = (short)(POLLIN | (unsent ? POLLOUT : 0))},
            {.fd = supervisor->command.output, .events = POLLIN},
            {.fd = supervisor->ended ? -1 : supervisor->command.pidfd, .events = POLLIN},
        };

        poll(watched, 3, wait_ms(wake_ns(supervisor)));
        if (watched[0].revents & ~POLLOUT)
            hear_agent(supervisor);
        if (watched[1].revents)
            read_output(supervisor, SIZE_MAX);
        if (watched[2].revents)
            supervisor->ended = true;
        go_on(supervisor);
        send_lines(supervisor);
    }
}

/* From the gate to its end; whether it was let through. */
static bool run(struct supervisor *supervisor, const struct order *order, int *status, char *why)
{
    send_started(supervisor);
    if (!hear_go()) {
        command_drop(&supervisor->command);
        return false;
    }
    if (order->timeout_ms > 0)
        supervisor->next_ns = clock_mono_ns() + order->timeout_ms * CLOCK_NS_PER_MS;
    command_go(&supervisor->command);
    watch(supervisor);
    read_rest(supervisor);
    *status = command_end(&supervisor->command, why);
    if (supervisor->termed)
        *status = PLAN_STATUS_TIMEOUT;
    return true;
}

static void say_no_process(char *why, int error)
{
    struct words words = words_begin(why, COMMAND_WHY_MAX);

    words_add(&words, "no process could be started: ");
    words_add(&words, strerrordesc_np(error));
}

void supervisor_serve(void *arg, pid_t agent)
{
    static struct supervisor supervisor; /* this process has only one, which is too big to stack */
    const struct supervisor_work *work = arg;
    char why[COMMAND_WHY_MAX] = "";
    int status = 0;

    (void)agent;
    setsid(); /* what is meant for the agent's terminal is not for us */
    if (command_start(&supervisor.command, work->order) < 0) {
        say_no_process(why, errno);
        deliver(&supervisor, PLAN_STATUS_UNBEGUN, why, 0);
        return;
    }
    if (!run(&supervisor, work->order, &status, why))
        return;

    const struct record_end end = {
        .number = work->number,
        .attempt = work->attempt,
        .status = status,
        .ended_s = clock_wall_ns() / CLOCK_NS_PER_S,
        .supervisor = process_of(getpid()),
    };
    bool told = deliver(&supervisor, status, why, clock_mono_ns() + PATIENCE_MS * CLOCK_NS_PER_MS);
    if (work->state_dir)
        keeper_write_end(work->state_dir, &end);
    if (!told)
        deliver(&supervisor, status, why, 0);
}
