/* What the parachute may run has to be trusted: the command's file, and the configuration itself.
 */
#include "tests/unit/config/captured.h"

#define COMMAND "{\"command\": [\"/bin/true\"]}"

/* The programs, to be executed by us, and the file that names them, to be read. */
static void what_can_run_has_to_be_trusted(void **state)
{
    static const char both[] = "{\"parachute\":\n {\"on_release\": {\"command\": [\"/bin/r\"]},\n"
                               "  \"on_activate\": {\"command\": [\"/bin/a\", \"/bin/r\"]}}}";
    struct captured captured;
    char path[64];

    (void)state;
    captured_load_text(&captured, both, path);
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
    captured_refused(
        both, "2:29: parachute.on_release.command: must be a program that others cannot "
              "change, by an absolute path without empty, . or .. parts, not \"/bin/r\" (of a "
              "reason)");
    snprintf(captured_distrusted, sizeof captured_distrusted, "/bin/a");
    captured_refused(
        both, "3:30: parachute.on_activate.command: must be a program that others cannot "
              "change, by an absolute path without empty, . or .. parts, not \"/bin/a\" (of a "
              "reason)");
    captured_distrusted[0] = '\0';

    captured_load_text(
        &captured, "{\"run_dir\": \"/run/x\", \"parachute\": {\"times\": 3, \"cycles\": 3}}", path);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_run_has_to_be_trusted),
        cmocka_unit_test(the_file_has_to_be_trusted),
        cmocka_unit_test(a_pipe_is_no_trusted_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
