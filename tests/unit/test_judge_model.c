/*
 * The judgement against a model that is slow and plain: it keeps the whole history and looks
 * through it each time, where the real one keeps bits and a time.
 */
#include "parachute/judge.h"
#include "tests/unit/unit.h"

#define WORLDS 4000
#define STEPS 120

enum what { READ, RESET, RESTART };

struct moment {
    int64_t at_ns;
    struct reading reading;
    enum what what;
    bool activated; /* after it */
    bool held_off;
    bool released; /* by this one */
};

static struct moment past[STEPS];

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static bool tells(const struct moment *moment, const struct judge_rule *rule)
{
    enum reading_state is = moment->reading.state;

    return moment->what == READ &&
           (is == READING_OK || (is == READING_ABSENT && rule->missing_activates));
}

/* 100 * part / (part + rest) >= percent, without a division. */
static bool reaches(uint64_t part, uint64_t rest, unsigned percent)
{
    return part + rest > 0 && part * 100 >= percent * (part + rest);
}

static bool holds(const struct reading *reading, const struct judge_rule *rule)
{
    if (reading->state == READING_ABSENT)
        return true;
    return reaches(reading->used_bytes, reading->free_bytes, rule->threshold_percent) ||
           reading->free_bytes < rule->min_free_bytes ||
           (rule->inodes_percent > 0 &&
            reaches(reading->inodes_used, reading->inodes_free, rule->inodes_percent));
}

/* Whether `times` of the last `cycles` readings that told, up to this one, agree. */
static bool agree(int last, const struct judge_rule *rule)
{
    unsigned told = 0;
    unsigned held = 0;

    for (int i = last; i >= 0 && told < rule->cycles; i--) {
        if (past[i].what != READ || past[i].released)
            break;
        if (!tells(&past[i], rule))
            continue;
        told++;
        held += holds(&past[i].reading, rule);
    }
    return held >= rule->times;
}

static bool releasable(const struct moment *moment, const struct judge_rule *rule)
{
    return moment->what == READ && moment->reading.state == READING_OK &&
           !holds(&moment->reading, rule) &&
           !reaches(moment->reading.used_bytes, moment->reading.free_bytes, rule->release_percent);
}

static bool long_enough(int last, const struct judge_rule *rule)
{
    int first = last;

    while (first > 0 && releasable(&past[first - 1], rule))
        first--;
    return past[last].at_ns - past[first].at_ns >= rule->release_after_ns;
}

/* Whether a condition held at the last reading that told; before one it is not known. */
static bool held_last(int last, const struct judge_rule *rule)
{
    for (int i = last; i >= 0 && past[i].what != RESTART; i--)
        if (tells(&past[i], rule))
            return holds(&past[i].reading, rule);
    return false;
}

static void model(int last, const struct judge_rule *rule)
{
    struct moment *now = &past[last];

    now->activated = last > 0 && past[last - 1].activated;
    now->held_off = last > 0 && past[last - 1].held_off;
    if (now->what == RESET) {
        now->activated = false;
        now->held_off = now->held_off || held_last(last, rule);
    }
    if (!tells(now, rule))
        return;
    if (holds(&now->reading, rule)) {
        now->activated = now->activated || (!now->held_off && agree(last, rule));
        return;
    }
    now->held_off = false;
    if (now->activated && !rule->latch && releasable(now, rule) && long_enough(last, rule)) {
        now->released = true;
        now->activated = false;
    }
}

static struct reading some_reading(uint32_t fullness)
{
    static const enum reading_state STATES[] = {READING_UNKNOWN, READING_ABSENT, READING_FAILED};
    struct reading reading = {.state = READING_OK};

    if (chance(12) == 0)
        return (struct reading){.state = STATES[chance(3)]};
    reading.used_bytes = fullness + chance(30);
    reading.free_bytes = chance(40) == 0 ? chance(3) : 100 - reading.used_bytes;
    if (chance(2) == 0) {
        reading.inodes_used = chance(101);
        reading.inodes_free = 100 - reading.inodes_used;
    }
    return reading;
}

static struct judge_rule some_rule(void)
{
    struct judge_rule rule = {
        .threshold_percent = 60 + chance(40),
        .min_free_bytes = chance(2) == 0 ? chance(30) : 0,
        .inodes_percent = chance(4) == 0 ? 80 + chance(21) : 0,
        .missing_activates = chance(2) == 0,
        .cycles = chance(3) == 0 ? 1 + chance(JUDGE_CYCLES_MAX) : 1 + chance(4),
        .release_after_ns = chance(2) == 0 ? chance(20) : 0,
        .latch = chance(8) == 0,
    };

    rule.times = 1 + chance(rule.cycles < 5 ? rule.cycles : 5);
    rule.release_percent = rule.threshold_percent - (chance(2) == 0 ? chance(40) : 0);
    return rule;
}

static void it_judges_as_the_model_does(void **state)
{
    unsigned turns = 0;

    (void)state;
    for (int i = 0; i < WORLDS; i++) {
        const struct judge_rule rule = some_rule();
        struct verdict verdict = judge_new(false, false);
        uint32_t fullness = 40;
        int64_t now_ns = 1;

        for (int k = 0; k < STEPS; k++) {
            enum what what = chance(40) == 0 ? RESET : chance(60) == 0 ? RESTART : READ;
            bool before = verdict.activated;

            fullness = chance(6) == 0 ? chance(71) : fullness;
            now_ns += chance(4);
            past[k] =
                (struct moment){.what = what, .at_ns = now_ns, .reading = some_reading(fullness)};
            model(k, &rule);
            if (what == READ)
                verdict = judge(verdict, &past[k].reading, &rule, now_ns);
            else
                verdict = what == RESET ? judge_reset(verdict)
                                        : judge_new(verdict.activated, verdict.held_off);
            if (verdict.activated != past[k].activated || verdict.held_off != past[k].held_off)
                fail_msg("world %d, step %d: activated %d, held off %d", i, k, verdict.activated,
                         verdict.held_off);
            turns += verdict.activated != before;
        }
    }
    assert_true(turns > WORLDS * 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_judges_as_the_model_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
