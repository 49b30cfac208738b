#include "agent/control/control_test.h"

#include "agent/control/answer.h"
#include "agent/control/control_words.h"
#include "agent/control/visible.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say_used(struct bytes *answer, const struct operate_disk *disk)
{
    const struct parachute_disk *options = disk->options;
    const struct verdict *verdict = disk->verdict;
    unsigned threshold = options->rule.threshold_percent;
    char used[CONTROL_WORDS_MAX * 2];
    char next[CONTROL_WORDS_MAX] = "";

    if (verdict->error)
        snprintf(used, sizeof used, "cannot be read (%s)", reading_reason(disk->reading));
    else
        snprintf(used, sizeof used, "%u%% used", verdict->used_percent);
    if (verdict->held_off)
        snprintf(next, sizeof next, ", held off; it is watched again once it is below");
    else if (!verdict->activated && verdict->cause == JUDGE_CLEAR)
        snprintf(next, sizeof next, "; it would be at %u%%", threshold);
    answer_out(answer, "%s: %s, threshold %u%%: %s%s", options->name, used, threshold,
               verdict->activated ? "activated" : "not activated", next);
}

static void say_cause(struct bytes *answer, const struct parachute *parachute, size_t index)
{
    const struct operate_disk disk = operate_disk(parachute, index);
    const struct judge_rule *rule = &disk.options->rule;
    uint64_t window =
        rule->cycles < JUDGE_CYCLES_MAX ? (UINT64_C(1) << rule->cycles) - 1 : UINT64_MAX;
    char cause[OPERATE_CAUSE_MAX];

    if (disk.verdict->cause == JUDGE_CLEAR)
        return;
    operate_cause(parachute, index, cause);
    answer_out(answer, "what counts: %s; in %d of the last %u readings", cause,
               __builtin_popcountll(disk.verdict->votes & window), rule->cycles);
}

static void say_rules(struct bytes *answer, const struct judge_rule *rule)
{
    char patience[CONTROL_WORDS_MAX];

    control_seconds(rule->release_after_ns / CLOCK_NS_PER_MS, patience);
    answer_out(answer, "rules:");
    answer_out(answer, "  threshold: activated at %u%% used, or more", rule->threshold_percent);
    if (rule->min_free_bytes > 0)
        answer_out(answer, "  min_free: or with less than %" PRIu64 " bytes free",
                   rule->min_free_bytes);
    if (rule->inodes_percent > 0)
        answer_out(answer, "  inodes: or at %u%% of the inodes used, or more",
                   rule->inodes_percent);
    if (rule->missing_activates)
        answer_out(answer, "  missing: or when it is not mounted");
    answer_out(answer, "  times, cycles: in %u of the last %u readings", rule->times, rule->cycles);
    if (rule->latch)
        answer_out(answer, "  latch: released by a reset only");
    else
        answer_out(answer, "  release: when none of these holds and below %u%% used, for %s",
                   rule->release_percent, patience);
}

void control_test_decision(struct bytes *answer, const struct parachute *parachute, size_t index)
{
    const struct operate_disk disk = operate_disk(parachute, index);

    say_used(answer, &disk);
    say_cause(answer, parachute, index);
    if (!disk.observed)
        answer_out(answer, "it was never seen: it is observed from when it is first mounted");
    say_rules(answer, &disk.options->rule);
}

/* Quoted text is safe to show as it is. */
static void say_quoted(struct bytes *answer, const struct bytes *quoted)
{
    if (quoted->failed)
        answer->failed = true;
    else
        answer_out(answer, "  %.*s", (int)quoted->len, (const char *)quoted->data);
}

static void say_argv(struct bytes *answer, char *const *argv)
{
    struct bytes line = {0};

    for (char *const *word = argv; *word; word++) {
        if (word > argv)
            bytes_add(&line, " ", 1);
        visible_quote(&line, *word);
    }
    say_quoted(answer, &line);
    bytes_clean(&line);
}

static void say_variable(struct bytes *answer, const char *variable)
{
    const char *value = strchrnul(variable, '=');
    struct bytes line = {0};

    bytes_add(&line, variable, (size_t)(value - variable));
    bytes_add(&line, "=", 1);
    if (*value == '=' && value[1] != '\0')
        visible_quote(&line, value + 1);
    say_quoted(answer, &line);
    bytes_clean(&line);
}

void control_test_command(struct bytes *answer, const struct parachute *parachute, size_t index,
                          enum plan_event event)
{
    const struct order_command *command = operate_command(parachute, event);
    const char *name = control_command_name(event);
    char timeout[CONTROL_WORDS_MAX];
    char user[64] = "";

    if (!command->argv) {
        answer_out(answer, "%s: not configured", name);
        return;
    }
    struct order *order = operate_order(parachute, index, event);
    if (!order) {
        answer->failed = true;
        return;
    }
    if (command->user)
        snprintf(user, sizeof user, ", as user %u", (unsigned)command->user->uid);
    control_seconds(command->timeout_ms, timeout);
    answer_out(answer, "%s, with a timeout of %s and %u retr%s%s:", name, timeout, command->retries,
               command->retries == 1 ? "y" : "ies", user);
    say_argv(answer, order->argv);
    answer_out(answer, "its environment:");
    for (char *const *variable = order->envp; *variable; variable++)
        say_variable(answer, *variable);
    free(order);
}
