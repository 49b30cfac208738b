/*
 * The judgement of a disk, as a table of histories: readings over time against verdicts.
 *
 * A step is TIME:WHAT and the verdict after it, with the time in seconds. WHAT is a disk of 100
 * bytes with so many used (80), with so many of 100 inodes used (i80), or one that is half full
 * with so many bytes free (f80); error, absent, unknown; reset by an operator; restart of the
 * agent. The verdict is + for activated, - for not, and ~ for held off.
 */
#include "parachute/judge.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)
static void percent_is_rounded_down_and_leaves_out_what_root_reserves(void **state)
{
    const struct {
        uint64_t used, free;
        unsigned percent;
    } rows[] = {
        {1068199936, 4710739968, 18}, /* SPEC 5: used / total would give 17, rounding up 19 */
        {10657792, 4852350976, 0},    /* SPEC 5: rounding up would give 1 */
        {0, 0, 0},
        {0, 1, 0},
        {1, 0, 100},
        {79999, 20001, 79},
        {80000, 20000, 80},
        {999999, 1, 99},
        {UINT64_MAX, UINT64_MAX, 50},
        {UINT64_MAX, 0, 100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(judge_percent(rows[i].used, rows[i].free), rows[i].percent);
}

#define PLAIN .threshold_percent = 80, .release_percent = 80, .times = 1, .cycles = 1

static const struct history {
    const char *about;
    struct judge_rule rule;
    const char *steps;
} HISTORIES[] = {
    {"at the threshold, and below it", {PLAIN}, "0:79- 1:80+ 2:100+ 3:80+ 4:79- 5:0- 6:80+"},
    {"only a reading that succeeded changes the verdict",
     {PLAIN},
     "0:absent- 1:unknown- 2:error- 3:79- 4:80+ 5:error+ 6:absent+ 7:unknown+ 8:95+ 9:79- "
     "10:absent- 11:error-"},
    {"at 100 percent",
     {.threshold_percent = 100, .release_percent = 100, .times = 1, .cycles = 1},
     "0:99- 1:100+ 2:99-"},

    {"all of the last three",
     {.threshold_percent = 80, .release_percent = 80, .times = 3, .cycles = 3},
     "0:90- 1:90- 2:79- 3:90- 4:90- 5:90+ 6:79- 7:90- 8:90- 9:90+"},
    {"two of the last three",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 3},
     "0:90- 1:79- 2:90+ 3:79- 4:79- 5:90- 6:79- 7:79- 8:90- 9:90+"},
    {"an activation that is over does not count for the next one",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 64},
     "0:90- 1:90+ 2:79- 3:90- 4:79- 5:90+"},
    {"what did not tell is not among the last readings",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 2},
     "0:90- 1:error- 2:unknown- 3:absent- 4:90+"},
    {"any of the last 64",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 64},
     "0:90- 1:0*62- 70:90+"},
    {"but not of those before",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 64},
     "0:90- 1:0*63- 70:90- 71:90+"},
    {"nor of the 64th where 63 count",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 63},
     "0:90- 1:0*62- 70:90-"},
    {"after a restart the readings count anew",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 2},
     "0:90- 1:restart- 2:90- 3:90+ 4:restart+ 5:error+ 6:90+"},

    {"released below release only, a minute long",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:80+ 10:79+ 100:75+ 200:74+ 259:74+ 260:74- 261:79- 262:80+"},
    {"the minute begins anew after a reading at release",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:80+ 10:74+ 50:75+ 51:74+ 110:74+ 111:74-"},
    {"the minute begins anew after a gap: an error, a mount gone, a table unread",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:80+ 10:70+ 60:error+ 70:70+ 120:absent+ 130:70+ 180:unknown+ 190:70+ 249:70+ 250:70-"},
    {"and after a restart",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:80+ 10:70+ 60:restart+ 70:70+ 129:70+ 130:70-"},
    {"the time before an activation does not count",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:10- 100:80+ 101:10+ 160:10+ 161:10-"},
    {"over the threshold but not often enough is a gap, too",
     {.threshold_percent = 80,
      .release_percent = 80,
      .times = 3,
      .cycles = 3,
      .release_after_ns = 60 * S},
     "0:80- 1:80- 2:80+ 10:70+ 60:80+ 70:70+ 129:70+ 130:70-"},
    {"asleep in between, for hours that the clock does not count",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:80+ 10:70+ 69:70+ 69:70+ 70:70-"},
    {"stopped in between, while the clock went on",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:80+ 9999:70+ 10058:70+ 10059:70-"},

    {"latched until it is reset",
     {PLAIN, .latch = true},
     "0:80+ 1:10+ 2:error+ 3:restart+ 4:10+ 999:10+ 1000:reset- 1001:10- 1002:80+"},

    {"too few bytes free", {PLAIN, .min_free_bytes = 10}, "0:f10- 1:f9+ 2:f0+ 3:f10- 4:80+ 5:f11-"},
    {"below release, and too few bytes free all the same",
     {PLAIN, .min_free_bytes = 50},
     "0:51+ 1:49-"},
    {"too few inodes", {PLAIN, .inodes_percent = 90}, "0:i89- 1:i90+ 2:i100+ 3:i89- 4:79- 5:80+"},
    {"no condition on bytes or inodes", {PLAIN}, "0:f0- 1:i100-"},
    {"inodes that the file system does not report",
     {PLAIN, .inodes_percent = 1},
     "0:79- 1:i1+ 2:79-"},

    {"not mounted counts as full",
     {PLAIN, .missing_activates = true},
     "0:unknown- 1:error- 2:absent+ 3:error+ 4:unknown+ 5:10- 6:absent+ 7:restart+ 8:10-"},
    {"not mounted, three times",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 3,
      .cycles = 3,
      .release_after_ns = 60 * S,
      .missing_activates = true},
     "0:absent- 1:80- 2:error- 3:absent+ 4:10+ 60:absent+ 61:10+ 120:10+ 121:10-"},

    {"reset while it is full: held off until it was below once",
     {PLAIN},
     "0:80+ 1:reset~ 2:80~ 3:99~ 4:error~ 5:absent~ 6:79- 7:80+"},
    {"reset when it was full before it could not be read",
     {PLAIN},
     "0:80+ 1:error+ 2:reset~ 3:80~ 4:79- 5:80+"},
    {"reset below the threshold, before its release",
     {.threshold_percent = 80,
      .release_percent = 75,
      .times = 1,
      .cycles = 1,
      .release_after_ns = 60 * S},
     "0:80+ 1:79+ 2:reset- 3:79- 4:80+ 5:70+ 64:70+ 65:70-"},
    {"reset by force before it was activated",
     {.threshold_percent = 80, .release_percent = 80, .times = 2, .cycles = 2},
     "0:80- 1:reset~ 2:80~ 3:80~ 4:79- 5:80- 6:80+"},
    {"held off over a restart, and a reset before it is read",
     {PLAIN},
     "0:80+ 1:reset~ 2:restart~ 3:reset~ 4:80~ 5:restart~ 6:error~ 7:10- 8:80+"},
    {"activated over a restart, and a reset before it is read: judged anew",
     {PLAIN},
     "0:80+ 1:restart+ 2:reset- 3:80+"},
    {"missing by intent: reset by force",
     {PLAIN, .missing_activates = true},
     "0:absent+ 1:reset~ 2:absent~ 3:10- 4:absent+"},
};

static struct reading reading_of(const char *what)
{
    struct reading reading = {.state = READING_OK, .total_bytes = 110};
    unsigned number = (unsigned)strtoul(what + strspn(what, "if"), NULL, 10);

    if (strncmp(what, "error", 5) == 0)
        return (struct reading){.state = READING_FAILED, .error = ETIMEDOUT};
    if (strncmp(what, "absent", 6) == 0)
        return (struct reading){.state = READING_ABSENT};
    if (strncmp(what, "unknown", 7) == 0)
        return (struct reading){.state = READING_UNKNOWN};
    reading.used_bytes = *what == 'f' ? number : *what == 'i' ? 50 : number;
    reading.free_bytes = *what == 'f' ? number : 100 - reading.used_bytes;
    if (*what == 'i') {
        reading.inodes_used = number;
        reading.inodes_free = 100 - number;
    }
    return reading;
}

static struct verdict take_step(struct verdict before, const struct judge_rule *rule,
                                const char *what, int64_t now_ns)
{
    struct reading reading = {0};
    struct verdict after = before;
    const char *repeat = strchr(what, '*');
    unsigned times = repeat ? (unsigned)strtoul(repeat + 1, NULL, 10) : 1;

    if (strncmp(what, "restart", 7) == 0)
        return judge_new(before.activated, before.held_off);
    if (strncmp(what, "reset", 5) == 0)
        return judge_reset(before);
    reading = reading_of(what);
    while (times-- > 0)
        after = judge(after, &reading, rule, now_ns);
    assert_int_equal(after.error, reading.state != READING_OK);
    return after;
}

static void a_history_of_readings_gives_these_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof HISTORIES / sizeof *HISTORIES; i++) {
        const struct history *history = &HISTORIES[i];
        struct verdict verdict = judge_new(false, false);
        char steps[256];
        char *rest = steps;

        int len = snprintf(steps, sizeof steps, "%s", history->steps);
        assert_true(len < (int)sizeof steps);
        for (char *step = NULL; (step = strtok_r(rest, " ", &rest));) {
            char *what = strchr(step, ':') + 1;
            char expected = step[strlen(step) - 1];

            verdict = take_step(verdict, &history->rule, what, strtol(step, NULL, 10) * S);
            char is = verdict.activated ? '+' : verdict.held_off ? '~' : '-';
            if (is != expected || (verdict.activated && verdict.held_off))
                fail_msg("%s: %s gives %c", history->about, step, is);
        }
    }
}

static void the_first_condition_that_holds_is_the_cause(void **state)
{
    const struct judge_rule rule = {PLAIN, .min_free_bytes = 30, .inodes_percent = 90,
                                    .missing_activates = true};
    const struct {
        struct reading reading;
        enum judge_cause cause;
        unsigned used_percent;
        bool seen;
    } rows[] = {
        {{.state = READING_UNKNOWN}, JUDGE_CLEAR, 0, false},
        {{.state = READING_ABSENT}, JUDGE_MISSING, 0, false},
        {{.state = READING_FAILED, .error = EIO}, JUDGE_MISSING, 0, true},
        {{.state = READING_OK, .used_bytes = 70, .free_bytes = 30}, JUDGE_CLEAR, 70, true},
        {{READING_OK, 0, 100, 90, 10, 95, 5}, JUDGE_USED, 90, true},
        {{READING_OK, 0, 100, 71, 29, 95, 5}, JUDGE_FREE, 71, true},
        {{READING_OK, 0, 100, 60, 40, 95, 5}, JUDGE_INODES, 60, true},
        {{.state = READING_FAILED, .error = EIO}, JUDGE_INODES, 60, true},
        {{.state = READING_ABSENT}, JUDGE_MISSING, 60, true},
        {{READING_OK, 0, 100, 10, 90, 0, 0}, JUDGE_CLEAR, 10, true},
        {{.state = READING_UNKNOWN}, JUDGE_CLEAR, 10, true},
    };
    struct verdict verdict = judge_new(false, false);

    (void)state;
    assert_true(verdict.error);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        verdict = judge(verdict, &rows[i].reading, &rule, (int64_t)i);
        assert_int_equal(verdict.cause, rows[i].cause);
        assert_int_equal(verdict.used_percent, rows[i].used_percent);
        assert_int_equal(verdict.seen, rows[i].seen);
        assert_int_equal(verdict.error, rows[i].reading.state != READING_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_is_rounded_down_and_leaves_out_what_root_reserves),
        cmocka_unit_test(a_history_of_readings_gives_these_verdicts),
        cmocka_unit_test(the_first_condition_that_holds_is_the_cause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
