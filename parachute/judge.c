#include "parachute/judge.h"

struct verdict judge_new(bool activated, bool held_off)
{
    return (struct verdict){
        .error = true, .activated = activated, .held_off = held_off, .clear_since_ns = -1};
}

unsigned judge_percent(uint64_t used_bytes, uint64_t free_bytes)
{
    /* Wide enough that hostile numbers from a file system cannot overflow it. */
    __extension__ typedef unsigned __int128 wide;
    wide whole = (wide)used_bytes + free_bytes;

    return whole == 0 ? 0 : (unsigned)((wide)used_bytes * 100 / whole);
}

static enum judge_cause find_cause(const struct reading *reading, const struct judge_rule *rule)
{
    if (reading->state == READING_ABSENT)
        return JUDGE_MISSING;
    if (judge_percent(reading->used_bytes, reading->free_bytes) >= rule->threshold_percent)
        return JUDGE_USED;
    if (reading->free_bytes < rule->min_free_bytes)
        return JUDGE_FREE;
    /* A file system that reports no inodes is at 0 percent. */
    if (rule->inodes_percent > 0 &&
        judge_percent(reading->inodes_used, reading->inodes_free) >= rule->inodes_percent)
        return JUDGE_INODES;
    return JUDGE_CLEAR;
}

static bool agree(const struct verdict *verdict, const struct judge_rule *rule)
{
    uint64_t window =
        rule->cycles < JUDGE_CYCLES_MAX ? (UINT64_C(1) << rule->cycles) - 1 : UINT64_MAX;

    return (unsigned)__builtin_popcountll(verdict->votes & window) >= rule->times;
}

static void activate(struct verdict *verdict, const struct judge_rule *rule)
{
    verdict->clear_since_ns = -1;
    if (!verdict->held_off && agree(verdict, rule))
        verdict->activated = true;
}

/* Old votes are of the activation that is over, and do not begin another one. */
static void release(struct verdict *verdict, const struct judge_rule *rule, int64_t now_ns)
{
    if (verdict->used_percent >= rule->release_percent) {
        verdict->clear_since_ns = -1;
        return;
    }
    if (verdict->clear_since_ns < 0)
        verdict->clear_since_ns = now_ns;
    if (!verdict->activated || rule->latch ||
        now_ns - verdict->clear_since_ns < rule->release_after_ns)
        return;
    verdict->activated = false;
    verdict->votes = 0;
}

struct verdict judge(struct verdict before, const struct reading *reading,
                     const struct judge_rule *rule, int64_t now_ns)
{
    struct verdict after = before;
    bool missing = reading->state == READING_ABSENT && rule->missing_activates;

    after.seen = before.seen || reading->state == READING_FAILED || reading->state == READING_OK;
    after.error = reading->state != READING_OK;
    if (after.error && !missing) {
        after.clear_since_ns = -1;
        return after;
    }
    after.cause = find_cause(reading, rule);
    if (!after.error)
        after.used_percent = judge_percent(reading->used_bytes, reading->free_bytes);
    after.votes = before.votes << 1 | (after.cause != JUDGE_CLEAR);
    if (after.cause != JUDGE_CLEAR) {
        activate(&after, rule);
        return after;
    }
    after.held_off = false;
    release(&after, rule, now_ns);
    return after;
}

struct verdict judge_reset(struct verdict before)
{
    struct verdict after = before;

    after.activated = false;
    after.held_off = before.held_off || before.cause != JUDGE_CLEAR;
    after.votes = 0;
    after.clear_since_ns = -1;
    return after;
}
