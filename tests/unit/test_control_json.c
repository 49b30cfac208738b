/* An operator's status, for programs. */
#include "agent/control/control_json.h"
#include "base/log.h"
#include "tests/unit/standing.h"

#include <jansson.h>

static json_t *json_of(const struct fake_parachute *on)
{
    char *text = control_json(on->parachute);

    assert_non_null(text);
    for (const char *p = text; *p; p++)
        assert_true(*p == '\n' || (*p >= 0x20 && *p < 0x7f));
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    free(text);
    return object;
}

#define TEXT(of, key) json_string_value(json_object_get(of, key))
#define NUMBER(of, key) json_integer_value(json_object_get(of, key))
#define IS(of, key) json_is_true(json_object_get(of, key))
#define NONE(of, key) json_is_null(json_object_get(of, key))

static void json_has_numbers_and_null(void **state)
{
    struct fake_parachute on;

    (void)state;
    standing_begin(&on);
    on.parachute->roster.disks[2].options.mount = "/mnt/\xff\x1b";
    json_t *object = json_of(&on);
    json_t *disks = json_object_get(object, "disks");
    json_t *a = json_array_get(disks, 0);
    json_t *b = json_array_get(disks, 1);
    json_t *c = json_array_get(disks, 2);

    assert_true(IS(object, "activated"));
    assert_int_equal(NUMBER(object, "since_s"), fake.plan.since_s);
    assert_true(NONE(object, "on_release"));
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(json_object_get(object, "on_activate"), "argv"), 1)),
                        "now");
    assert_int_equal(json_array_size(disks), 3);
    assert_string_equal(TEXT(a, "name"), "a");
    assert_string_equal(TEXT(a, "state"), "activated");
    assert_true(IS(a, "activated") && IS(a, "latched") && !IS(a, "held_off"));
    assert_int_equal(NUMBER(a, "since_s"), fake.plan.since_s);
    assert_true(NONE(a, "error"));
    assert_int_equal(NUMBER(a, "used_percent"), 90);
    assert_int_equal(NUMBER(a, "threshold_percent"), 80);
    assert_int_equal(NUMBER(a, "release_percent"), 80);
    assert_int_equal(NUMBER(a, "total_bytes"), 100 * GIB);
    assert_int_equal(NUMBER(a, "used_bytes"), 90 * GIB);
    assert_int_equal(NUMBER(a, "free_bytes"), 10 * GIB);
    assert_string_equal(TEXT(b, "mount"), "/mnt/\tö");
    assert_string_equal(TEXT(b, "state"), "held off");
    assert_true(IS(b, "held_off") && !IS(b, "activated") && !IS(b, "latched"));
    assert_true(NONE(b, "since_s"));
    assert_string_equal(TEXT(c, "mount"), "/mnt/?\x1b");
    assert_string_equal(TEXT(c, "error"), "not mounted");
    assert_true(NONE(c, "used_percent") && NONE(c, "total_bytes") && NONE(c, "used_bytes") &&
                NONE(c, "free_bytes"));
    json_decref(object);
    fake_end(&on);
}

static const struct {
    struct plan_run run;
    const char *state;
    int64_t status; /* -1: null */
    int64_t pid;    /* -1: null */
    bool due;
    bool again;
} runs[] = {
    {{.state = PLAN_NONE}, "none", -1, -1, false, false},
    {{.state = PLAN_PENDING}, "waiting", -1, -1, true, false},
    {{.state = PLAN_PENDING, .attempts = 1, .status = 3}, "waiting", 3, -1, true, false},
    {{.state = PLAN_RUNNING, .attempts = 2}, "running", -1, 4711, false, true},
    {{.state = PLAN_FINISHED, .attempts = 1}, "finished", 0, -1, false, false},
    {{.state = PLAN_FAILED, .attempts = 4, .status = 1024}, "failed", 1024, -1, false, false},
};

/* A number, or null where it is -1. */
static void expect(const json_t *of, const char *key, int64_t number)
{
    const json_t *value = json_object_get(of, key);

    assert_int_equal(json_is_null(value), number < 0);
    assert_int_equal(json_is_integer(value), number >= 0);
    if (number >= 0)
        assert_int_equal(json_integer_value(value), number);
}

static void a_command_has_its_state(void **state)
{
    struct fake_parachute on;

    (void)state;
    standing_begin(&on);
    fake.pid = 4711;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        fake.plan.runs[PLAN_ACTIVATE] = runs[i].run;
        fake.plan.runs[PLAN_ACTIVATE].changed_s = i > 0 ? 1594380725 : 0;
        fake.plan.runs[PLAN_ACTIVATE].due_ns = clock_mono_ns() + 100 * CLOCK_NS_PER_S;
        fake.plan.waits[PLAN_ACTIVATE] = runs[i].again;
        json_t *object = json_of(&on);
        const json_t *run = json_object_get(object, "on_activate");
        int64_t due_s = NUMBER(run, "due_s");

        assert_string_equal(TEXT(run, "state"), runs[i].state);
        expect(run, "attempts", runs[i].run.attempts);
        expect(run, "attempts_max", 4);
        expect(run, "since_s", i > 0 ? 1594380725 : -1);
        expect(run, "pid", runs[i].pid);
        expect(run, "status", runs[i].status);
        assert_int_equal(NONE(run, "result"), runs[i].status < 0);
        assert_int_equal(IS(run, "again"), runs[i].again);
        assert_int_equal(NONE(run, "due_s"), !runs[i].due);
        assert_true(!runs[i].due || llabs(due_s - standing_now_s() - 100) < 30);
        json_decref(object);
    }
    fake_end(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_numbers_and_null),
        cmocka_unit_test(a_command_has_its_state),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
