/*
 * What a configuration becomes once file and options are read: token, history, state, doors,
 * namespace.
 */
#include "tests/unit/config/captured.h"

#include <sys/stat.h>

#define TEMPORARY "/tmp/altimeter-config-XXXXXX"

static void the_token_is_read(void **state)
{
    static char long_token[4098];
    const struct {
        const char *text;
        mode_t mode;
        const char *token; /* NULL: refused */
        const char *why;
    } cases[] = {
        {"s3cret", 0600, "s3cret", NULL},
        {"s3cret\r\n", 0640, "s3cret", NULL},
        {long_token + 1, 0400, long_token + 1, NULL},
        {long_token, 0600, NULL, "(it is larger)"},
        {"s3cret\n", 0644, NULL, "(others have access to it: chmod o-rwx)"},
        {"s3cret\n", 0602, NULL, "(others have access to it: chmod o-rwx)"},
        {"\n", 0600, NULL, "(it is empty)"},
        {"s3 cret\n", 0600, NULL, "(its one line may hold printable ASCII only, no spaces)"},
        {"one\ntwo\n", 0600, NULL, "(its one line may hold printable ASCII only, no spaces)"},
        {"s\303\244\n", 0600, NULL, "(its one line may hold printable ASCII only, no spaces)"},
    };

    (void)state;
    memset(long_token, 'x', sizeof long_token - 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char token[] = TEMPORARY;
        char path[] = TEMPORARY;
        char text[256];
        struct captured captured;

        captured_write(token, cases[i].text, strlen(cases[i].text));
        assert_int_equal(chmod(token, cases[i].mode), 0);
        snprintf(text, sizeof text,
                 "{\"http\": {\"listen\": \"0.0.0.0:7070\", \"token_file\": \"%s\"}}", token);
        captured_write(path, text, strlen(text));
        captured_load(&captured, path);
        unlink(token);
        unlink(path);
        if (cases[i].token) {
            assert_string_equal(captured.said, "");
            assert_string_equal(captured.config.http_token, cases[i].token);
            char *printed = captured_print(&captured);
            assert_non_null(strstr(printed, token));
            assert_null(strstr(printed, cases[i].token));
            free(printed);
        } else {
            assert_int_equal(captured.result, -1);
            assert_non_null(strstr(captured.said, ":1:51: http.token_file: must be "));
            assert_non_null(strstr(captured.said, cases[i].why));
        }
        captured_clean(&captured);
    }
}

static void a_history_is_a_number_of_snapshots(void **state)
{
    static const struct {
        const char *interval;
        const char *history;
        size_t snapshots;
    } cases[] = {{"10", "1h", 360},  {"10", "1s", 1},    {"7", "1m", 9},
                 {"60", "2d", 2880}, {"3600", "17", 17}, {"1", "10000000s", 10000000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct captured captured;

        captured_run(&captured, (const char *const[]){"-i", cases[i].interval, "--history",
                                                      cases[i].history, NULL});
        assert_string_equal(captured.said, "");
        assert_int_equal(captured.config.history, cases[i].snapshots);
        captured_clean(&captured);
    }
}

/* 512 bytes a snapshot, where it is not given. */
static void the_size_of_the_state_follows_the_history(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
        const char *printed;
    } cases[] = {
        {"{}", 184320, "\"180K\""},
        {"{\"history\": \"10m\"}", 65536, "\"64K\""},
        {"{\"history\": 129}", 66048, "66048"},
        {"{\"interval\": 1, \"history\": \"1h\"}", 1843200, "\"1800K\""},
        {"{\"history\": 10000000}", 5120000000, "\"5000000K\""},
        {"{\"history\": 129, \"state_size\": 65536}", 65536, "\"64K\""},
        {"{\"state_size\": 65537}", 65537, "65537"},
        {"{\"state_size\": 1e6}", 1000000, "1000000"},
        {"{\"state_size\": \"2048MiB\"}", 2147483648, "\"2G\""},
        {"{\"state_size\": \"1024G\"}", 1099511627776, "\"1T\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = TEMPORARY;
        char expected[64];
        struct captured captured;

        captured_write(path, cases[i].text, strlen(cases[i].text));
        captured_load(&captured, path);
        unlink(path);
        assert_string_equal(captured.said, "");
        assert_true(captured.config.state_size_bytes == cases[i].bytes);
        char *printed = captured_print(&captured);
        snprintf(expected, sizeof expected, "\"state_size\": %s,\n", cases[i].printed);
        assert_non_null(strstr(printed, expected));
        free(printed);
        captured_clean(&captured);
    }
}

static void doors_are_ready(void **state)
{
    struct captured captured;

    (void)state;
    captured_load(&captured, "tests/unit/config/good/empty.json");
    assert_true(captured.config.http_on && captured.config.lines_on);
    assert_int_equal(captured.config.http_listen.sockaddr.ss_family, AF_INET);
    assert_true(address_local(&captured.config.lines_listen));
    captured_clean(&captured);
    captured_load(&captured, "tests/unit/config/good/doors-off.json");
    assert_false(captured.config.http_on || captured.config.lines_on);
    captured_clean(&captured);
}

static void without_a_host_name_a_namespace_is_needed(void **state)
{
    struct captured captured;

    (void)state;
    captured_host_is_known = false;
    captured_run(&captured, (const char *const[]){NULL});
    assert_string_equal(captured.said, "altimeter: namespace: must be given, since this machine's "
                                       "host name cannot be read\n");
    captured_clean(&captured);
    captured_run(&captured, (const char *const[]){"-n", "redis.0", NULL});
    assert_string_equal(captured.said, "");
    captured_clean(&captured);
    captured_host_is_known = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_is_read),
        cmocka_unit_test(a_history_is_a_number_of_snapshots),
        cmocka_unit_test(the_size_of_the_state_follows_the_history),
        cmocka_unit_test(doors_are_ready),
        cmocka_unit_test(without_a_host_name_a_namespace_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
