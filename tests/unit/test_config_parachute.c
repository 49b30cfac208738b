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

/* Loads `text` as a file; its path goes to `path` and is removed again. */
static void load(struct captured *captured, const char *text, char path[64])
{
    snprintf(path, 64, "/tmp/altimeter-config-XXXXXX");
    captured_write(path, text, strlen(text));
    captured_load(captured, path);
    unlink(path);
}

/* What is expected to be said, less the file's path. */
static void refused(const char *text, const char *said)
{
    struct captured captured;
    char path[64];
    char expected[CAPTURED_BYTES];

    load(&captured, text, path);
    snprintf(expected, sizeof expected, "%s:%s\n", path, said);
    assert_string_equal(captured.said, expected);
    assert_int_equal(captured.result, -1);
    captured_clean(&captured);
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
        load(&captured, text, path);
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
    load(&captured,
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

    load(&captured, "{\"parachute\": {\"on_activate\": " COMMAND "}}", path);
    assert_int_equal(captured.config.commands[PLAN_ACTIVATE].timeout_ms, 60000);
    assert_int_equal(captured.config.commands[PLAN_ACTIVATE].retries, 3);
    captured_clean(&captured);
}

/* The programs, to be executed by us, and the file that names them, to be read. */
static void what_can_run_has_to_be_trusted(void **state)
{
    static const char both[] = "{\"parachute\":\n {\"on_release\": {\"command\": [\"/bin/r\"]},\n"
                               "  \"on_activate\": {\"command\": [\"/bin/a\", \"/bin/r\"]}}}";
    struct captured captured;
    char path[64];

    (void)state;
    load(&captured, both, path);
    for (size_t i = 0; i < captured_trusts; i++) /* nothing was left open */
        assert_int_equal(fcntl(captured_trust[i].fd, F_GETFD), -1);
    assert_string_equal(captured.said, "");
    assert_int_equal(captured_trusts, 3);
    assert_string_equal(captured_trust[0].path, "/bin/a");
    assert_ptr_equal(captured_trust[0].user, &trust_ourselves);
    assert_string_equal(captured_trust[1].path, "/bin/r");
    assert_ptr_equal(captured_trust[1].user, &trust_ourselves);
    assert_string_equal(captured_trust[2].path, path);
    assert_null(captured_trust[2].user);
    captured_clean(&captured);

    snprintf(captured_distrusted, sizeof captured_distrusted, "/bin/r");
    refused(both, "2:29: parachute.on_release.command: must be a program that others cannot "
                  "change, by an absolute path without empty, . or .. parts, not \"/bin/r\" (of a "
                  "reason)");
    snprintf(captured_distrusted, sizeof captured_distrusted, "/bin/a");
    refused(both, "3:30: parachute.on_activate.command: must be a program that others cannot "
                  "change, by an absolute path without empty, . or .. parts, not \"/bin/a\" (of a "
                  "reason)");
    captured_distrusted[0] = '\0';

    load(&captured, "{\"run_dir\": \"/run/x\", \"parachute\": {\"times\": 3, \"cycles\": 3}}",
         path);
    assert_string_equal(captured.said, "");
    assert_int_equal(captured_trusts, 0); /* without a command, any file will do */
    captured_clean(&captured);
}

static void the_file_has_to_be_trusted(void **state)
{
    static const char text[] = "{\"parachute\": {\"on_release\": " COMMAND ",\n"
                               "\"on_activate\": " COMMAND "}}";
    struct captured captured;
    char path[] = "/tmp/altimeter-config-XXXXXX";
    char expected[256];
    char folder[4096];

    (void)state;
    captured_write(path, text, strlen(text));
    snprintf(captured_distrusted, sizeof captured_distrusted, "%s", path);
    captured_load(&captured, path);
    snprintf(expected, sizeof expected,
             "%s:2:16: parachute.on_activate: must be in a configuration file that others cannot "
             "change (of a reason)\n",
             path);
    assert_string_equal(captured.said, expected);
    captured_clean(&captured);
    captured_distrusted[0] = '\0';

    captured_swapped = true;
    captured_load(&captured, path);
    captured_swapped = false;
    snprintf(expected, sizeof expected,
             "%s:2:16: parachute.on_activate: must be in a configuration file that others cannot "
             "change (it was changed while it was read)\n",
             path);
    assert_string_equal(captured.said, expected);
    captured_clean(&captured);

    /* By a path from here. */
    assert_non_null(getcwd(folder, sizeof folder));
    assert_int_equal(chdir("/tmp"), 0);
    captured_load(&captured, path + strlen("/tmp/"));
    assert_int_equal(chdir(folder), 0);
    assert_string_equal(captured.said, "");
    assert_string_equal(captured_trust[2].path, path);
    captured_clean(&captured);
    unlink(path);
}

static void a_pipe_is_no_trusted_file(void **state)
{
    static const char text[] = "{\"parachute\": {\"on_activate\": " COMMAND "}}";
    struct captured captured;
    char path[32];
    char expected[256];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    captured_load(&captured, path);
    close(ends[0]);
    snprintf(expected, sizeof expected,
             "%s:1:31: parachute.on_activate: must be in a configuration file that others cannot "
             "change (this is no regular file)\n",
             path);
    assert_string_equal(captured.said, expected);
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
        refused(USER("daemon"), MUST "\"daemon\" (it does not run as root)");
        return;
    }
    refused(USER("no-such-user-here"), MUST "\"no-such-user-here\" (there is no such user)");
    refused(USER("0"), MUST "\"0\" (there is no such user)");
    assert_non_null(daemon);
    load(&captured, USER("daemon"), path);
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
        cmocka_unit_test(what_can_run_has_to_be_trusted),
        cmocka_unit_test(the_file_has_to_be_trusted),
        cmocka_unit_test(a_pipe_is_no_trusted_file),
        cmocka_unit_test(a_user_is_for_root_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
