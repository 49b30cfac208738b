/* What the agent answers an operator. */
#include "agent/control/control_answer.h"
#include "agent/control/control_words.h"
#include "base/clock.h"
#include "base/log.h"
#include "parachute/node.h"
#include "tests/unit/fakeactor.h"

#include <signal.h>

static const struct control_peer root = {.pid = 1, .may = true};
static const struct control_peer guest = {.pid = 2, .uid = 65534};

/* The whole answer, to be freed. */
static char *ask_as(struct fake_parachute *on, const struct control_peer *peer, const char *request,
                    size_t *run)
{
    struct bytes answer = {0};
    char *line = strdup(request);
    size_t disk = control_answer(&answer, on->parachute, line, peer);

    free(line);
    if (run)
        *run = disk;
    else
        assert_int_equal(disk, operate_disks(on->parachute));
    bytes_add(&answer, "", 1);
    assert_false(answer.failed);
    return (char *)answer.data;
}

static void expect(struct fake_parachute *on, const struct control_peer *peer, const char *request,
                   const char *answer)
{
    char *got = ask_as(on, peer, request, NULL);

    assert_string_equal(got, answer);
    free(got);
}

static void expect_in(const char *answer, const char *part)
{
    if (!strstr(answer, part))
        fail_msg("not in it: %s\n%s", part, answer);
}

static char *const stop_argv[] = {"/bin/stop", "it's\nnow", NULL};
static char *const start_argv[] = {"/bin/start", NULL};

static void begin(struct fake_parachute *on)
{
    fake_init(on);
    on->options.commands[PLAN_ACTIVATE] =
        (struct order_command){.argv = stop_argv, .timeout_ms = 60000, .retries = 3};
    on->options.commands[PLAN_RELEASE] =
        (struct order_command){.argv = start_argv, .timeout_ms = 500};
}

#define NOBODY_KNOWS "err the agent does not know this request\nexit 2\n"

static void a_request_that_nobody_makes_is_refused(void **state)
{
    static const char *const requests[] = {
        "",
        "stat",
        "status\txml",
        "status\tjson\tmore",
        "reset\ta\tnow",
        "test",
        "test\t\trun",
        "test\ta\tplease",
        "test\ta\trun\tnow",
        "STATUS",
        "GET / HTTP/1.1\r",
        " status",
    };
    struct fake_parachute on;

    (void)state;
    begin(&on);
    fake_start(&on);
    fake_look(&on, 90, 50, 50);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        expect(&on, &root, requests[i], NOBODY_KNOWS);
    assert_true(parachute_activated(on.parachute));
    assert_string_equal(fake.calls, "");
    fake_end(&on);
}

static void who_may_not_may_only_look(void **state)
{
    struct fake_parachute on;

    (void)state;
    begin(&on);
    fake_start(&on);
    fake_look(&on, 90, 50, 50);
    expect(&on, &guest, "reset\ta\tforce",
           "err reset is for root and the agent's own user only\nexit 1\n");
    expect(&on, &guest, "test\ta\trun",
           "err test --run is for root and the agent's own user only\nexit 1\n");
    assert_string_equal(fake.calls, "");
    const char *const looks[] = {"status", "status\tjson", "test\ta"};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        char *answer = ask_as(&on, &guest, looks[i], NULL);
        expect_in(answer, "\nexit 0\n");
        free(answer);
    }
    char *answer = ask_as(&on, &guest, "status\tjson", NULL);
    expect_in(answer, "out {\nout   \"activated\": true,\n");
    expect_in(answer, "\nout }\nexit 0\n");
    free(answer);
    fake_end(&on);
}

static void a_disk_that_is_not_known_is_answered_with_those_that_are(void **state)
{
    struct fake_parachute on;

    (void)state;
    begin(&on);
    on.disks[1].mount = "/mnt/\x1b[2J";
    fake_start(&on);
    const char answer[] =
        "err no disk \"d\" is observed; known are: a (/mnt/a), b (/mnt/\\x1b[2J), "
        "c (/mnt/c)\nexit 1\n";
    expect(&on, &root, "reset\td", answer);
    expect(&on, &guest, "test\td", answer);
    fake_end(&on);
}

static void a_reset_says_what_it_has_done(void **state)
{
    struct fake_parachute on;

    (void)state;
    begin(&on);
    on.disks[1].rule.latch = true;
    fake_start(&on);
    fake_look(&on, 90, 90, 50);
    expect(&on, &root, "reset",
           "err a is still over its threshold: 90% used, threshold 80%; --force releases it all "
           "the same\nexit 1\n");
    fake_look(&on, 90, 70, 50);
    expect(&on, &root, "reset\t/mnt/b", "out b: released\nout node: activated\nexit 0\n");
    fake.plan.runs[PLAN_ACTIVATE].state = PLAN_FAILED;
    expect(&on, &root, "reset\t\tforce",
           "out a: released, and held off: 90% used, threshold 80%; it is watched again once it is "
           "below\nout a command's failure is forgotten\nout node: not activated\nexit 0\n");
    fake.plan.runs[PLAN_ACTIVATE].state = PLAN_NONE;
    expect(&on, &root, "reset\ta",
           "out a: is held off: 90% used, threshold 80%; it is watched again once it is "
           "below\nout node: not activated\nexit 0\n");
    expect(&on, &root, "reset\tc\tforce",
           "out c: was not activated; nothing to release\nout node: not activated\nexit 0\n");
    expect(&on, &root, "reset", "out node: not activated\nexit 0\n");
    fake_end(&on);
}

static void a_test_says_what_would_be_run(void **state)
{
    struct fake_parachute on;
    size_t run = 0;

    (void)state;
    begin(&on);
    on.disks[0].rule = (struct judge_rule){.threshold_percent = 80,
                                           .min_free_bytes = 1000,
                                           .inodes_percent = 90,
                                           .missing_activates = true,
                                           .times = 2,
                                           .cycles = 3,
                                           .release_percent = 75,
                                           .release_after_ns = 1500 * CLOCK_NS_PER_MS};
    on.disks[1].rule.latch = true;
    fake_start(&on);
    fake_look(&on, 41, -2, -1);
    expect(&on, &guest, "test\ta",
           "out a: 41% used, threshold 80%: not activated; it would be at 80%\n"
           "out rules:\n"
           "out   threshold: activated at 80% used, or more\n"
           "out   min_free: or with less than 1000 bytes free\n"
           "out   inodes: or at 90% of the inodes used, or more\n"
           "out   missing: or when it is not mounted\n"
           "out   times, cycles: in 2 of the last 3 readings\n"
           "out   release: when none of these holds and below 75% used, for 1.5 s\n"
           "out on_activate, with a timeout of 60 s and 3 retries:\n"
           "out   /bin/stop $'it\\'s\\x0anow'\n"
           "out its environment:\n"
           "out   PARACHUTE_EVENT=activate\n"
           "out   PARACHUTE_DISKS=a\n"
           "out   PARACHUTE_NAMESPACE=name.space\n"
           "out   PARACHUTE_DISK=a\n"
           "out   PARACHUTE_MOUNT=/mnt/a\n"
           "out   PARACHUTE_USED=44023414784\n"
           "out   PARACHUTE_FREE=63350767616\n"
           "out   PARACHUTE_PERCENT=41\n"
           "out   PARACHUTE_THRESHOLD=80\n"
           "out   PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
           "out on_release, with a timeout of 0.5 s and 0 retries:\n"
           "out   /bin/start\n"
           "out its environment:\n"
           "out   PARACHUTE_EVENT=release\n"
           "out   PARACHUTE_DISKS=\n"
           "out   PARACHUTE_NAMESPACE=name.space\n"
           "out   PARACHUTE_DISK=a\n"
           "out   PARACHUTE_MOUNT=/mnt/a\n"
           "out   PARACHUTE_USED=44023414784\n"
           "out   PARACHUTE_FREE=63350767616\n"
           "out   PARACHUTE_PERCENT=41\n"
           "out   PARACHUTE_THRESHOLD=80\n"
           "out   PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
           "exit 0\n");
    assert_string_equal(fake.calls, "");

    char *answer = ask_as(&on, &guest, "test\tb", NULL);
    expect_in(answer, "out b: cannot be read (does not answer), threshold 80%: not activated; ");
    expect_in(answer, "\nout   latch: released by a reset only\n");
    free(answer);
    answer = ask_as(&on, &guest, "test\tc", NULL);
    expect_in(answer, "\nout it was never seen: it is observed from when it is first mounted\n");
    free(answer);
    fake_look(&on, 90, 50, 90);
    answer = ask_as(&on, &guest, "test\ta", NULL);
    expect_in(answer, "out a: 90% used, threshold 80%: not activated\n"
                      "out what counts: 90% used, threshold 80%; in 1 of the last 3 readings\n");
    free(answer);
    answer = ask_as(&on, &root, "test\t/mnt/c\trun", &run);
    assert_int_equal(run, 2);
    expect_in(answer, "out c: 90% used, threshold 80%: activated\n");
    assert_null(strstr(answer, "on_release"));
    assert_null(strstr(answer, "exit"));
    free(answer);
    fake_end(&on);
}

static void what_is_not_configured_is_not_run(void **state)
{
    struct fake_parachute on;

    (void)state;
    fake_init(&on);
    fake_start(&on);
    char *answer = ask_as(&on, &root, "test\ta", NULL);
    expect_in(answer, "\nout on_activate: not configured\nexit 0\n");
    free(answer);
    fake_end(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_nobody_makes_is_refused),
        cmocka_unit_test(who_may_not_may_only_look),
        cmocka_unit_test(a_disk_that_is_not_known_is_answered_with_those_that_are),
        cmocka_unit_test(a_reset_says_what_it_has_done),
        cmocka_unit_test(a_test_says_what_would_be_run),
        cmocka_unit_test(what_is_not_configured_is_not_run),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
