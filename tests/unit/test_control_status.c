/* An operator's status, for people. */
#include "agent/control/control_text.h"
#include "agent/control/control_words.h"
#include "base/clock.h"
#include "base/log.h"
#include "tests/unit/standing.h"

#include <signal.h>

static const struct {
    int status;
    const char *words;
} statuses[] = {
    {0, "exit status 0"},
    {255, "exit status 255"},
    {PLAN_STATUS_SIGNAL + SIGKILL, "ended by signal 9 (Killed)"},
    {PLAN_STATUS_TIMEOUT, "ended after its timeout"},
    {PLAN_STATUS_REFUSED, "could not be run, see the log"},
    {PLAN_STATUS_UNBEGUN, "could not be begun, see the log"},
    {PLAN_STATUS_UNKNOWN, "nobody saw how it ended"},
};

static const struct {
    int64_t time_s;
    const char *text;
} times[] = {
    {0, "-"},
    {-5, "-"},
    {1594380725, "2020-07-10 11:32:05 UTC"},
    {INT64_MAX, "-"},
};

static const struct {
    int64_t age_s;
    const char *text;
} ages[] = {
    {-9, "0 s"},       {0, "0 s"},    {119, "119 s"},   {120, "2 min"},
    {7199, "119 min"}, {7200, "2 h"}, {172799, "47 h"}, {172800, "2 days"},
};

static const struct {
    int64_t time_ms;
    const char *text;
} lengths[] = {{0, "0 s"}, {60000, "60 s"}, {500, "0.5 s"}, {1001, "1.001 s"}, {10, "0.01 s"}};

static void numbers_are_said_in_words(void **state)
{
    char text[CONTROL_WORDS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        control_status(statuses[i].status, text);
        assert_string_equal(text, statuses[i].words);
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        control_time(times[i].time_s, text);
        assert_string_equal(text, times[i].text);
    }
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        control_age(1594380725, 1594380725 + ages[i].age_s, text);
        assert_string_equal(text, ages[i].text);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        control_seconds(lengths[i].time_ms, text);
        assert_string_equal(text, lengths[i].text);
    }
}

static char *text_of(const struct fake_parachute *on)
{
    struct bytes answer = {0};

    control_text(&answer, on->parachute);
    bytes_add(&answer, "", 1);
    assert_false(answer.failed);
    return (char *)answer.data;
}

static void the_table_is_aligned(void **state)
{
    struct fake_parachute on;
    char since[CONTROL_WORDS_MAX];
    char *expected = NULL;

    (void)state;
    standing_begin(&on);
    control_time(fake.plan.since_s, since);
    assert_true(
        asprintf(&expected,
                 "out node: activated since %s (for 3 min)\n"
                 "out \n"
                 "out DISK  MOUNT       USED  THRESHOLD  STATE               SINCE\n"
                 "out a     /mnt/a       90%%        80%%  activated, latched  %s (3 min ago)\n"
                 "out b     /mnt/\\x09ö   85%%        80%%  held off            -\n"
                 "out c     /mnt/c         -        80%%  never seen          -\n"
                 "out \n"
                 "out COMMAND      PATH       STATE           SINCE\n"
                 "out on_activate  /bin/stop  none yet        -\n"
                 "out on_release   -          not configured  -\n",
                 since, since) > 0);
    char *text = text_of(&on);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    fake_end(&on);
}

static const struct {
    int readings[FAKE_DISKS];
    const char *rows[FAKE_DISKS];
} blind[] = {
    {{-2, -2, 50},
     {"activated, latched, blind (does not answer)  ", "held off, blind (does not answer)",
      "50%        80%  ok   "}},
    {{-1, -1, -2},
     {"activated, latched, not mounted  ", "held off, not mounted  ",
      "  -        80%  blind (does not answer)"}},
    {{70, 70, 50},
     {"70%        80%  activated, latched  ", "70%        80%  ok   ", "50%        80%  ok   "}},
    {{70, -1, 50},
     {"70%        80%  activated, latched  ", "  -        80%  not mounted   ", "ok"}},
};

static void what_cannot_be_read_is_said(void **state)
{
    struct fake_parachute on;

    (void)state;
    standing_begin(&on);
    for (size_t i = 0; i < sizeof blind / sizeof *blind; i++) {
        fake_look(&on, blind[i].readings[0], blind[i].readings[1], blind[i].readings[2]);
        char *text = text_of(&on);
        char *row = strstr(text, "\nout a ");
        for (size_t k = 0; k < FAKE_DISKS; k++) {
            assert_non_null(row);
            char *next = strchr(row + 1, '\n');
            *next = '\0';
            if (!strstr(row, blind[i].rows[k]))
                fail_msg("not in it: %s\n%s", blind[i].rows[k], row);
            *next = '\n';
            row = next;
        }
        free(text);
    }
    fake_end(&on);
}

static const struct {
    struct plan_run run;
    int64_t due_in_ms;
    bool waits;
    const char *text;
} runs[] = {
    {{.state = PLAN_PENDING}, 0, false, "waiting (attempt 1 of 4) "},
    {{.state = PLAN_PENDING, .attempts = 1, .status = 3},
     2500,
     false,
     "waiting (attempt 2 of 4 in 3 s) "},
    {{.state = PLAN_RUNNING, .attempts = 2},
     0,
     true,
     "running (attempt 2 of 4, pid 4711), to be run again "},
    {{.state = PLAN_FINISHED, .attempts = 1}, 0, false, "finished (status 0) "},
    {{.state = PLAN_FAILED, .attempts = 4, .status = 1},
     0,
     false,
     "failed (exit status 1, 4 attempts) "},
    {{.state = PLAN_FAILED, .attempts = 1, .status = PLAN_STATUS_TIMEOUT},
     0,
     false,
     "failed (ended after its timeout, 1 attempt) "},
};

static void what_became_of_a_command_is_said(void **state)
{
    struct fake_parachute on;

    (void)state;
    standing_begin(&on);
    fake.pid = 4711;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct plan_run *run = &fake.plan.runs[PLAN_ACTIVATE];

        *run = runs[i].run;
        run->changed_s = standing_now_s() - 300;
        if (runs[i].due_in_ms > 0)
            run->due_ns = clock_mono_ns() + runs[i].due_in_ms * CLOCK_NS_PER_MS;
        fake.plan.waits[PLAN_ACTIVATE] = runs[i].waits;
        char *text = text_of(&on);
        if (!strstr(text, runs[i].text) || !strstr(text, " (5 min ago)"))
            fail_msg("not in it: %s\n%s", runs[i].text, text);
        free(text);
    }
    fake_end(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_said_in_words),
        cmocka_unit_test(the_table_is_aligned),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(what_became_of_a_command_is_said),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
