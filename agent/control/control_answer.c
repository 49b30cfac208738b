#include "agent/control/control_answer.h"

#include "agent/control/answer.h"
#include "agent/control/control_json.h"
#include "agent/control/control_test.h"
#include "agent/control/control_text.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 3    /* of a request */
#define KNOWN_MAX 16   /* disks that are named where one is not known */
#define UNKNOWN_MAX 64 /* bytes of it that are shown */

/* A request that no altimeter makes is a wrong command line. */
enum { STATUS_OK, STATUS_REFUSED, STATUS_USAGE };

struct request {
    struct bytes *answer;
    struct parachute *parachute;
    const struct control_peer *peer;
    const char *words[WORDS_MAX]; /* "" where there are less */
};

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

static void end(const struct request *request, int status)
{
    answer_exit(request->answer, status);
}

static void refuse_usage(const struct request *request)
{
    answer_err(request->answer, "the agent does not know this request");
    end(request, STATUS_USAGE);
}

static bool allowed(const struct request *request, const char *what)
{
    if (request->peer->may)
        return true;
    answer_err(request->answer, "%s is for root and the agent's own user only", what);
    end(request, STATUS_REFUSED);
    return false;
}

static void refuse_disk(const struct request *request, const char *name)
{
    size_t count = operate_disks(request->parachute);
    struct bytes known = {0};

    for (size_t i = 0; i < count && i < KNOWN_MAX; i++) {
        const struct parachute_disk *disk = operate_disk(request->parachute, i).options;

        if (i > 0)
            bytes_add(&known, ", ", 2);
        bytes_add(&known, disk->name, strlen(disk->name));
        bytes_add(&known, " (", 2);
        bytes_add(&known, disk->mount, strlen(disk->mount));
        bytes_add(&known, ")", 1);
    }
    if (count == 0)
        bytes_add(&known, "none", 4);
    else if (count > KNOWN_MAX)
        bytes_add(&known, ", and more", 10);
    if (known.failed)
        request->answer->failed = true;
    else
        answer_err(request->answer, "no disk \"%.*s\" is observed; known are: %.*s", UNKNOWN_MAX,
                   name, (int)known.len, (const char *)known.data);
    end(request, STATUS_REFUSED);
    bytes_clean(&known);
}

static void status(const struct request *request)
{
    bool json = is(request->words[1], "json");

    if (*request->words[2] || (*request->words[1] && !json)) {
        refuse_usage(request);
        return;
    }
    if (json) {
        char *text = control_json(request->parachute);

        if (text)
            answer_text(request->answer, text, strlen(text));
        else
            request->answer->failed = true;
        free(text);
    } else {
        control_text(request->answer, request->parachute);
    }
    end(request, STATUS_OK);
}

static bool has_failed(const struct parachute *parachute)
{
    const struct plan *plan = operate_plan(parachute);

    return plan && (plan->runs[PLAN_ACTIVATE].state == PLAN_FAILED ||
                    plan->runs[PLAN_RELEASE].state == PLAN_FAILED);
}

static void say_disk(const struct request *request, size_t index, bool was_activated, bool asked)
{
    const struct operate_disk disk = operate_disk(request->parachute, index);
    char cause[OPERATE_CAUSE_MAX];

    operate_cause(request->parachute, index, cause);
    if (disk.verdict->held_off && (was_activated || asked))
        answer_out(request->answer, "%s: %s: %s; it is watched again once it is below",
                   disk.options->name, was_activated ? "released, and held off" : "is held off",
                   cause);
    else if (was_activated)
        answer_out(request->answer, "%s: released", disk.options->name);
    else if (asked)
        answer_out(request->answer, "%s: was not activated; nothing to release",
                   disk.options->name);
}

static void log_reset(const struct request *request, const char *disk, bool force)
{
    log_write(LOG_LEVEL_WARNING, "parachute: reset of %s%s, asked for by user %u (pid %d)",
              *disk ? disk : "all disks", force ? " by force" : "", (unsigned)request->peer->uid,
              (int)request->peer->pid);
}

/* What it was before is looked at first, so that the answer can tell what has changed. */
static void do_reset(const struct request *request, size_t index, bool force)
{
    size_t count = operate_disks(request->parachute);
    bool *before = calloc(count + 1, sizeof *before);
    bool failed = has_failed(request->parachute);
    char why[OPERATE_WHY_MAX];

    if (!before) {
        request->answer->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        before[i] = operate_disk(request->parachute, i).verdict->activated;
    if (operate_reset(request->parachute, index, force, why) < 0) {
        answer_err(request->answer, "%s", why);
        end(request, STATUS_REFUSED);
    } else {
        log_reset(request, request->words[1], force);
        for (size_t i = 0; i < count; i++)
            if (index == count || i == index)
                say_disk(request, i, before[i], i == index);
        if (failed)
            answer_out(request->answer, "a command's failure is forgotten");
        control_text_node(request->answer, request->parachute);
        end(request, STATUS_OK);
    }
    free(before);
}

static void reset(const struct request *request)
{
    const char *disk = request->words[1];
    size_t index = operate_disks(request->parachute);
    bool force = is(request->words[2], "force");

    if (*request->words[2] && !force) {
        refuse_usage(request);
        return;
    }
    if (!allowed(request, "reset"))
        return;
    if (*disk) {
        index = operate_find(request->parachute, disk);
        if (index == operate_disks(request->parachute)) {
            refuse_disk(request, disk);
            return;
        }
    }
    do_reset(request, index, force);
}

static size_t test(const struct request *request)
{
    struct parachute *parachute = request->parachute;
    size_t whole = operate_disks(parachute);
    size_t index = operate_find(parachute, request->words[1]);
    bool run = is(request->words[2], "run");

    if (!*request->words[1] || (*request->words[2] && !run)) {
        refuse_usage(request);
        return whole;
    }
    if (run && !allowed(request, "test --run"))
        return whole;
    if (index == whole) {
        refuse_disk(request, request->words[1]);
        return whole;
    }
    control_test_decision(request->answer, parachute, index);
    control_test_command(request->answer, parachute, index, PLAN_ACTIVATE);
    if (run)
        return index;
    if (operate_command(parachute, PLAN_RELEASE)->argv)
        control_test_command(request->answer, parachute, index, PLAN_RELEASE);
    end(request, STATUS_OK);
    return whole;
}

size_t control_answer(struct bytes *answer, struct parachute *parachute, char *line,
                      const struct control_peer *peer)
{
    struct request request = {
        .answer = answer, .parachute = parachute, .peer = peer, .words = {"", "", ""}};
    size_t count = 0;

    for (char *word = strsep(&line, "\t"); word; word = strsep(&line, "\t")) {
        if (count == WORDS_MAX) {
            refuse_usage(&request);
            return operate_disks(parachute);
        }
        request.words[count++] = word;
    }
    if (is(request.words[0], "status"))
        status(&request);
    else if (is(request.words[0], "reset"))
        reset(&request);
    else if (is(request.words[0], "test"))
        return test(&request);
    else
        refuse_usage(&request);
    return operate_disks(parachute);
}
