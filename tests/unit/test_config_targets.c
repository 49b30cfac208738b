/* What the configuration says of a Graphite target: its times and rates, and the files of its TLS.
 */
#include "tests/unit/config/captured.h"

#include <limits.h>
#include <sys/stat.h>

#define TEMPORARY "/tmp/altimeter-config-XXXXXX"
#define TEXT_BYTES 1024

/* Loads `text` as a file. */
static void load_text(struct captured *captured, const char *text)
{
    char path[] = TEMPORARY;

    captured_write(path, text, strlen(text));
    captured_load(captured, path);
    unlink(path);
}

static void load_target(struct captured *captured, const char *target)
{
    char text[TEXT_BYTES];

    snprintf(text, sizeof text, "{\"graphite\": [%s]}", target);
    load_text(captured, text);
}

static void times_and_rates(void **state)
{
    static const struct {
        const char *target;
        unsigned settle_ms;
        unsigned replay_rate;
        unsigned max_age_ms;
    } cases[] = {
        {"{\"host\": \"h\"}", 60000, 10000, 0},
        {"{\"host\": \"h\", \"settle\": 0, \"replay_rate\": 0, \"max_age\": 0}", 0, 0, 0},
        {"{\"host\": \"h\", \"settle\": 0.25, \"replay_rate\": 1, \"max_age\": 1.5}", 250, 1, 1500},
        {"{\"host\": \"h\", \"settle\": 3600, \"replay_rate\": 1e9, \"max_age\": 2592000}", 3600000,
         1000000000, 2592000000},
        {"{\"host\": \"h\", \"settle\": 0, \"max_age\": 1e-300}", 0, 10000,
         1}, /* 0 would be never */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct captured captured;

        load_target(&captured, cases[i].target);
        assert_string_equal(captured.said, "");
        const struct target_options *target = &captured.config.targets[0];
        assert_int_equal(target->settle_ms, cases[i].settle_ms);
        assert_int_equal(target->replay_rate, cases[i].replay_rate);
        assert_int_equal(target->max_age_ms, cases[i].max_age_ms);
        assert_false(target->tls);
        captured_clean(&captured);
    }
}

static void a_target_from_an_option_has_the_defaults(void **state)
{
    struct captured captured;

    (void)state;
    captured_run(&captured, (const char *const[]){"-g", "h:1", NULL});
    assert_string_equal(captured.said, "");
    const struct target_options *target = &captured.config.targets[0];
    assert_int_equal(target->settle_ms, 60000);
    assert_int_equal(target->replay_rate, 10000);
    assert_int_equal(target->max_age_ms, 0);
    assert_false(target->tls);
    captured_clean(&captured);
}

static void without_files_tls_asks_the_systems_authorities(void **state)
{
    struct captured captured;

    (void)state;
    load_target(&captured, "{\"host\": \"a\", \"tls\": {}}, {\"host\": \"b\"}");
    assert_string_equal(captured.said, "");
    assert_true(captured.config.targets[0].tls);
    assert_null(captured.config.targets[0].tls_ca);
    assert_null(captured.config.targets[0].tls_cert);
    assert_null(captured.config.targets[0].tls_key);
    assert_false(captured.config.targets[1].tls);
    captured_clean(&captured);
}

static void tls_names_files(void **state)
{
    char ca[] = TEMPORARY;
    char cert[] = TEMPORARY;
    char key[] = TEMPORARY;
    char target[TEXT_BYTES];
    struct captured captured;
    struct captured again;

    (void)state;
    captured_write(ca, "", 0);
    captured_write(cert, "", 0);
    captured_write(key, "", 0);
    snprintf(target, sizeof target,
             "{\"host\": \"h\", \"tls\": {\"ca\": \"%s\", \"cert\": \"%s\", \"key\": \"%s\"}}", ca,
             cert, key);
    load_target(&captured, target);
    assert_string_equal(captured.said, "");
    char *printed = captured_print(&captured);
    load_text(&again, printed);
    assert_string_equal(again.said, "");
    free(printed);
    assert_true(again.config.targets[0].tls);
    assert_string_equal(again.config.targets[0].tls_ca, ca);
    assert_string_equal(again.config.targets[0].tls_cert, cert);
    assert_string_equal(again.config.targets[0].tls_key, key);
    captured_clean(&again);
    captured_clean(&captured);
    unlink(ca);
    unlink(cert);
    unlink(key);
}

/* Copies `text` with `path` for each `@`. */
static void fill(char *filled, size_t size, const char *text, const char *path)
{
    size_t len = 0;

    for (; *text; text++)
        len += (size_t)snprintf(filled + len, size - len, "%.*s", *text == '@' ? PATH_MAX : 1,
                                *text == '@' ? path : text);
    assert_true(len < size);
}

/* `@` is a file that exists, with this mode. */
static void bad_files_of_tls_are_refused(void **state)
{
    static const struct {
        const char *tls;
        mode_t mode;
        const char *said; /* goes on from "graphite[0].tls" */
    } cases[] = {
        {"{\"cert\": \"@\"}", 0600, ": must have the key key beside cert: "},
        {"{\"key\": \"@\"}", 0600, ": must have the key cert beside key: "},
        {"{\"ca\": \"@\", \"key\": \"@\"}", 0600, ": must have the key cert beside key: "},
        {"{\"cert\": \"@\", \"key\": \"@\"}", 0644, ".key: must be a PEM file, "},
        {"{\"cert\": \"@\", \"key\": \"@\"}", 0602, "(others have access to it: chmod o-rwx)"},
        {"{\"ca\": \"@.no\"}", 0600, "(No such file or directory)"},
        {"{\"ca\": \"@/\"}", 0600, "(Not a directory)"},
        {"{\"ca\": \"/dev/null\"}", 0600, "(it is no regular file)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = TEMPORARY;
        char target[TEXT_BYTES / 2];
        char tls[TEXT_BYTES / 4];
        struct captured captured;

        captured_write(path, "", 0);
        assert_int_equal(chmod(path, cases[i].mode), 0);
        fill(tls, sizeof tls, cases[i].tls, path);
        snprintf(target, sizeof target, "{\"host\": \"h\", \"tls\": %s}", tls);
        load_target(&captured, target);
        unlink(path);
        assert_int_equal(captured.result, -1);
        assert_non_null(strstr(captured.said, " graphite[0].tls"));
        if (!strstr(captured.said, cases[i].said))
            fail_msg("\"%s\" is not in: %s", cases[i].said, captured.said);
        captured_clean(&captured);
    }
}

/* A pipe would be empty when it is read again at the next connect, and might hold up the start. */
static void a_pipe_is_no_file_of_tls(void **state)
{
    char path[] = TEMPORARY;
    char target[TEXT_BYTES / 2];
    struct captured captured;

    (void)state;
    captured_write(path, "", 0);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(target, sizeof target, "{\"host\": \"h\", \"tls\": {\"ca\": \"%s\"}}", path);
    load_target(&captured, target);
    unlink(path);
    assert_non_null(strstr(captured.said, "(it is no regular file)"));
    captured_clean(&captured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_and_rates),
        cmocka_unit_test(a_target_from_an_option_has_the_defaults),
        cmocka_unit_test(without_files_tls_asks_the_systems_authorities),
        cmocka_unit_test(tls_names_files),
        cmocka_unit_test(bad_files_of_tls_are_refused),
        cmocka_unit_test(a_pipe_is_no_file_of_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
