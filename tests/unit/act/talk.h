/* The agent's side of a supervisor, plain: one that waits for what comes. */
#ifndef TESTS_UNIT_ACT_TALK_H
#define TESTS_UNIT_ACT_TALK_H

#include "base/helper.h"
#include "parachute/run/supervisor.h"
#include "tests/unit/act/commands.h"

#include <sys/socket.h>

struct talk {
    struct helper helper;
    struct process command;
    struct supervisor_message message; /* the last one */
    unsigned lines;
    size_t len;
    char text[SUPERVISOR_LINES_MAX * (SUPERVISOR_LINE_MAX + 1) + 1]; /* the lines, each ended */
};

/* Whether one came; else it is the end of file. */
static inline bool hear(struct talk *talk)
{
    struct pollfd readable = {.fd = talk->helper.fd, .events = POLLIN};

    while (poll(&readable, 1, -1) < 0)
        assert_int_equal(errno, EINTR);
    memset(&talk->message, 0, sizeof talk->message);
    return recv(talk->helper.fd, &talk->message, sizeof talk->message, MSG_DONTWAIT) > 0;
}

/* Up to the gate. */
static inline struct talk *begin(const struct supervisor_work *work)
{
    struct talk *talk = calloc(1, sizeof *talk);
    struct helper_work helper_work = {
        .name = "altimeter-run",
        .outlives = true,
        .serve = supervisor_serve,
        .arg = (void *)work,
    };

    assert_non_null(talk);
    assert_int_equal(helper_start(&talk->helper, &helper_work), 0);
    assert_true(hear(talk));
    assert_int_equal(talk->message.kind, SUPERVISOR_STARTED);
    talk->command = talk->message.command;
    return talk;
}

static inline struct talk *begin_order(struct order *order)
{
    struct supervisor_work work = {.order = order};
    struct talk *talk = begin(&work);

    free(order);
    return talk;
}

static inline struct talk *begin_and_go(struct order *order)
{
    struct talk *talk = begin_order(order);

    helper_wake(&talk->helper);
    return talk;
}

/* Whether a line came; else it has ended. */
static inline bool hear_line(struct talk *talk)
{
    assert_true(hear(talk));
    if (talk->message.kind == SUPERVISOR_ENDED)
        return false;
    assert_int_equal(talk->message.kind, SUPERVISOR_LINE);
    memcpy(talk->text + talk->len, talk->message.text, talk->message.len);
    talk->len += talk->message.len;
    talk->text[talk->len++] = '\n';
    talk->lines++;
    return true;
}

/* The agent is gone. */
static inline void hang_up(struct talk *talk)
{
    close(talk->helper.fd);
    talk->helper.fd = -1;
}

static inline void wait_for_supervisor(struct talk *talk)
{
    assert_int_equal(waitpid(talk->helper.pid, NULL, 0), talk->helper.pid);
    if (talk->helper.fd >= 0)
        close(talk->helper.fd);
    free(talk);
}

/* To the end, and checks it. `why` is a part of the text. */
static inline void check_end(struct talk *talk, int status, const char *why)
{
    char said[SUPERVISOR_LINE_MAX + 1] = "";

    while (hear_line(talk))
        ;
    memcpy(said, talk->message.text, talk->message.len);
    if (talk->message.status != status)
        print_message("%s\n", said);
    assert_int_equal(talk->message.status, status);
    if (!strstr(said, why) || (said[0] && !why[0]))
        print_message("%s, not: %s\n", said, why);
    assert_non_null(strstr(said, why));
    assert_true(why[0] || !said[0]);
}

static inline void check_run(struct order *order, int status, const char *output, const char *why)
{
    struct talk *talk = begin_and_go(order);

    check_end(talk, status, why);
    assert_string_equal(talk->text, output);
    wait_for_supervisor(talk);
}

#endif
