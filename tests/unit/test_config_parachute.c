/* The parachute's part of a configuration: when it releases, what it runs and as whom. */
#include "tests/unit/config/captured.h"

#include <grp.h>
#include <pwd.h>

#define COMMAND "{\"command\": [\"/bin/true\"]}"
#define GROUPS_COUNT 100

/* A user who is in many groups, 7, 8, ... */
int getgrouplist(const char *user, gid_t gid, gid_t *groups, int *count)
{
    int room = *count;

    assert_string_equal(user, "daemon");
    *count = GROUPS_COUNT;
    for (int i = 0; i < room && i < GROUPS_COUNT; i++)
        groups[i] = i == 0 ? gid : (gid_t)i + 7;
    return room < GROUPS_COUNT ? -1 : GROUPS_COUNT;
}

static void a_release_has_defaults(void **state)
{
#define DISK "\"disks\": [{\"mount\": \"/x\", \"threshold\": "
    static const struct {
        const char *inner;
        unsigned release_percent[3]; /* of the disks in their order */
        unsigned after_ms;
    } cases[] = {
        {"", {80, 80}, 0},
        {"\"on_activate\": " COMMAND, {80, 80}, 0},
        {"\"on_release\": " COMMAND, {75, 75}, 60000},
        {"\"on_release\": " COMMAND ", \"release_after\": 0", {75, 75}, 0},
        {"\"release_after\": 0.25", {80, 80}, 250},
        {DISK "90}]", {90, 80, 80}, 0},
        {DISK "90}], \"on_release\": " COMMAND, {85, 75, 75}, 60000},
        {DISK "90, \"release\": 90}], \"on_release\": " COMMAND, {90, 75, 75}, 60000},
        {DISK "90, \"release\": 1}]", {1, 80, 80}, 0},
        {DISK "7}], \"on_release\": " COMMAND, {2, 75, 75}, 60000},
        {DISK "6}], \"on_release\": " COMMAND, {1, 75, 75}, 60000},
        {DISK "5}], \"on_release\": " COMMAND, {1, 75, 75}, 60000},
        {DISK "1}], \"on_release\": " COMMAND, {1, 75, 75}, 60000},
        {DISK "0}], \"on_release\": " COMMAND, {0, 75, 75}, 60000},
        {DISK "0, \"release\": 9}], \"on_release\": " COMMAND, {9, 75, 75}, 60000},
    };
#undef DISK

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct captured captured;
        char path[64];
        char text[256];

        snprintf(text, sizeof text, "{\"parachute\": {%s}}", cases[i].inner);
        captured_load_text(&captured, text, path);
        assert_string_equal(captured.said, "");
        assert_int_equal(captured.config.release_after_ms, cases[i].after_ms);
        for (size_t k = 0; k < captured.config.disk_count; k++)
            if (captured.config.disks[k].release_percent != cases[i].release_percent[k])
                fail_msg("%s: disk %zu: %u", text, k, captured.config.disks[k].release_percent);
        captured_clean(&captured);
    }
}

/* A disk of the file keeps what else it has. */
static void a_threshold_of_an_option_has_a_release(void **state)
{
    struct captured captured;
    char path[] = "/tmp/altimeter-config-XXXXXX";
    static const char text[] =
        "{\"parachute\": {\"on_release\": " COMMAND ", \"disks\": [{\"mount\": \"/x\", "
        "\"threshold\": 80, \"release\": 70, \"min_free\": 5, \"missing\": \"activate\"}]}}";

    (void)state;
    captured_write(path, text, strlen(text));
    captured_run(&captured, (const char *const[]){"-c", path, "--threshold", "/x=70", "--threshold",
                                                  "/y=60", NULL});
    assert_string_equal(captured.said, "");
    assert_int_equal(captured.config.disks[0].threshold_percent, 70);
    assert_int_equal(captured.config.disks[0].release_percent, 70);
    assert_int_equal(captured.config.disks[0].min_free_bytes, 5);
    assert_true(captured.config.disks[0].missing_activates);
    assert_int_equal(captured.config.disks[1].release_percent, 55);
    assert_false(captured.config.disks[1].missing_activates);
    captured_clean(&captured);

    captured_run(&captured, (const char *const[]){"-c", path, "--threshold", "/x=69", NULL});
    assert_string_equal(captured.said, "altimeter: --threshold: must be at least the disk's "
                                       "release, which is 70 percent in the file, not 69\n");
    captured_clean(&captured);
    captured_run(&captured, (const char *const[]){"-c", path, "--threshold", "/x=0", NULL});
    assert_string_equal(captured.said, "");
    captured_clean(&captured);
    unlink(path);
}

static void a_command_is_taken(void **state)
{
    struct captured captured;
    char path[64];

    (void)state;
    captured_load_text(
        &captured,
        "{\"parachute\": {\"on_release\": {\"timeout\": 3600, \"retries\": 100, \"command\": "
        "[\"/bin/echo\", \"\", \"a b\"]}}}",
        path);
    assert_string_equal(captured.said, "");
    const struct config_command *command = &captured.config.commands[PLAN_RELEASE];
    assert_true(command->given);
    assert_int_equal(command->argc, 3);
    assert_string_equal(command->argv[0], "/bin/echo");
    assert_string_equal(command->argv[1], "");
    assert_string_equal(command->argv[2], "a b");
    assert_null(command->argv[3]);
    assert_int_equal(command->timeout_ms, 3600000);
    assert_int_equal(command->retries, 100);
    assert_null(command->user);
    assert_false(captured.config.commands[PLAN_ACTIVATE].given);
    assert_null(captured.config.commands[PLAN_ACTIVATE].argv);
    captured_clean(&captured);

    captured_load_text(&captured, "{\"parachute\": {\"on_activate\": " COMMAND "}}", path);
    assert_int_equal(captured.config.commands[PLAN_ACTIVATE].timeout_ms, 60000);
    assert_int_equal(captured.config.commands[PLAN_ACTIVATE].retries, 3);
    captured_clean(&captured);
}

#define USER(name)                                                                                 \
    "{\"parachute\": {\"on_activate\": {\"command\": [\"/bin/true\"], \"user\": \"" name "\"}}}"
#define MUST                                                                                       \
    "1:66: parachute.on_activate.user: must be the name of a user, and only where the agent runs " \
    "as root, not "

static void a_user_is_for_root_only(void **state)
{
    const struct passwd *daemon = getpwnam("daemon");
    struct captured captured;
    char path[64];

    (void)state;
    if (geteuid() != 0) {
        captured_refused(USER("daemon"), MUST "\"daemon\" (it does not run as root)");
        return;
    }
    captured_refused(USER("no-such-user-here"),
                     MUST "\"no-such-user-here\" (there is no such user)");
    captured_refused(USER("0"), MUST "\"0\" (there is no such user)");
    assert_non_null(daemon);
    captured_load_text(&captured, USER("daemon"), path);
    assert_string_equal(captured.said, "");
    const struct trust_user *runs = &captured.config.commands[PLAN_ACTIVATE].runs;
    assert_ptr_equal(captured_trust[0].user, runs);
    assert_int_equal(runs->uid, daemon->pw_uid);
    assert_int_equal(runs->gid, daemon->pw_gid);
    assert_int_equal(runs->group_count, GROUPS_COUNT);
    assert_int_equal(runs->groups[0], daemon->pw_gid);
    assert_int_equal(runs->groups[GROUPS_COUNT - 1], GROUPS_COUNT + 6);
    char *printed = captured_print(&captured);
    assert_non_null(strstr(printed, "\"user\": \"daemon\"\n"));
    free(printed);
    captured_clean(&captured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_has_defaults),
        cmocka_unit_test(a_threshold_of_an_option_has_a_release),
        cmocka_unit_test(a_command_is_taken),
        cmocka_unit_test(a_user_is_for_root_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
