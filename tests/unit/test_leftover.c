/* What becomes of a run that an agent before this one had begun, by what its file says of the end.
 */
#include "base/log.h"
#include "parachute/act/leftover.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

static const struct plan_rules rules = {.has = {true, true}, .retries = {3, 3}};
static const struct plan_now now = {.mono_ns = 1000, .wall_s = 2000};

static void the_end_is_taken_where_it_is_that_runs(void **state)
{
    const struct {
        enum plan_state state;
        unsigned attempts;
        struct record_end end;
        bool found; /* else there is none */
        enum plan_state after;
        unsigned attempts_after;
        uint64_t last_number;
    } rows[] = {
        {PLAN_RUNNING, 2, {.number = 7, .attempt = 2}, true, PLAN_FINISHED, 2, 7},
        {PLAN_RUNNING, 2, {.number = 7, .attempt = 2, .status = 1}, true, PLAN_PENDING, 2, 7},
        {PLAN_RUNNING, 4, {.number = 7, .attempt = 4, .status = 1}, true, PLAN_FAILED, 4, 7},
        {PLAN_RUNNING, 2, {.number = 7, .attempt = 1}, true, PLAN_PENDING, 2, 7},
        {PLAN_RUNNING, 2, {.number = 6, .attempt = 2}, true, PLAN_PENDING, 2, 7},
        {PLAN_RUNNING, 2, {0}, false, PLAN_PENDING, 2, 7},
        /* that it began was never written down */
        {PLAN_PENDING, 0, {.number = 7, .attempt = 1}, true, PLAN_FINISHED, 1, 7},
        {PLAN_PENDING, 1, {.number = 7, .attempt = 2, .status = 1}, true, PLAN_PENDING, 2, 7},
        {PLAN_PENDING, 1, {.number = 7, .attempt = 1, .status = 1}, true, PLAN_PENDING, 1, 7},
        {PLAN_FINISHED, 1, {.number = 7, .attempt = 1, .status = 1}, true, PLAN_FINISHED, 1, 7},
        /* nor that there was such a run at all: its number must not be given again */
        {PLAN_FINISHED, 1, {.number = 9, .attempt = 1}, true, PLAN_FINISHED, 1, 9},
    };
    struct record *record = calloc(1, sizeof *record);

    (void)state;
    assert_non_null(record);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct leftover leftover = {0};

        record->command.pid = 1;
        record->plan = (struct plan){.activated = true, .last_number = 7};
        record->plan.runs[PLAN_ACTIVATE] =
            (struct plan_run){.state = rows[i].state, .number = 7, .attempts = rows[i].attempts};
        leftover_over(&leftover, record, &rules, rows[i].found ? &rows[i].end : NULL, now);
        const struct plan_run *run = &record->plan.runs[PLAN_ACTIVATE];
        assert_int_equal(run->state, rows[i].after);
        assert_int_equal(run->attempts, rows[i].attempts_after);
        assert_int_equal(record->plan.last_number, rows[i].last_number);
        assert_int_equal(record->command.pid, 0);
    }
    free(record);
}

static void nothing_is_waited_for_that_is_gone(void **state)
{
    struct record *record = calloc(1, sizeof *record);
    struct waits *waits = waits_new();
    struct leftover leftover;

    (void)state;
    assert_non_null(record);
    assert_non_null(waits);
    assert_false(leftover_watch(&leftover, waits, NULL, record, 0));
    record->command = process_of(getppid());
    record->command.start++; /* another one with its number */
    assert_false(leftover_watch(&leftover, waits, NULL, record, 0));
    record->command.start--;
    record->command.boot++; /* before a reboot */
    assert_false(leftover_watch(&leftover, waits, NULL, record, 0));
    assert_false(leftover_active(&leftover));
    record->command.boot--;
    assert_true(leftover_watch(&leftover, waits, NULL, record, 0));
    assert_true(leftover_active(&leftover));
    leftover_end(&leftover);
    assert_false(leftover_active(&leftover));
    waits_free(waits);
    free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_taken_where_it_is_that_runs),
        cmocka_unit_test(nothing_is_waited_for_that_is_gone),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
