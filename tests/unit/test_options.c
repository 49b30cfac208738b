/* The command line: what it accepts, what it says about the rest, and how it wins over a file. */
#include "tests/unit/config/captured.h"

#define HINT "altimeter --help lists the options"
#define LISTEN                                                                                     \
    "ADDR:PORT (numeric, IPv6 in brackets, or localhost), unix:/PATH of at most 107 bytes, or "    \
    "off, e.g. "
#define PATH "an absolute path without empty, . or .. parts, e.g. /var/vcap/data"
#define NAMESPACE                                                                                  \
    "nodes (1..200 of A-Z a-z 0-9 _ -) joined by dots, or in a file an object of the parts"

static void bad_options_are_refused_with_one_line(void **state)
{
    static const struct {
        const char *arguments[8];
        const char *said;
    } cases[] = {
        {{"--foo"}, "--foo: must be an option; " HINT},
        {{"--foo=5"}, "--foo=5: must be an option; " HINT},
        {{"--h"}, "--h: must be an option; " HINT},
        {{"-x"}, "-x: must be an option; " HINT},
        {{"-qx"}, "-x: must be an option; " HINT},
        {{"stray"}, "stray: must be an option; " HINT},
        {{"-q", "--", "-v"}, "-v: must be an option; " HINT},
        {{"two\nlines"}, "two\\x0alines: must be an option; " HINT},
        {{"-i"}, "--interval: must have a value; " HINT},
        {{"--http"}, "--http: must have a value; " HINT},
        {{"--once=yes"}, "--once: must have no value; " HINT},
        {{"-i", "0"}, "--interval: must be a whole number of seconds, 1..3600, not \"0\""},
        {{"-i3601"}, "--interval: must be a whole number of seconds, 1..3600, not \"3601\""},
        {{"-i", "1.5"}, "--interval: must be a whole number of seconds, 1..3600, not \"1.5\""},
        {{"-i", "+5"}, "--interval: must be a whole number of seconds, 1..3600, not \"+5\""},
        {{"-i", " 5"}, "--interval: must be a whole number of seconds, 1..3600, not \" 5\""},
        {{"-i", "5s"}, "--interval: must be a whole number of seconds, 1..3600, not \"5s\""},
        {{"-i", ""}, "--interval: must be a whole number of seconds, 1..3600, not \"\""},
        {{"-i", "4294967306"},
         "--interval: must be a whole number of seconds, 1..3600, not \"4294967306\""},
        {{"--history", "1y"},
         "--history: must be a duration, e.g. 90s, 10m, 1h, 2d, or a number of snapshots, "
         "1..10000000, not \"1y\""},
        {{"-i1", "--history", "200d"},
         "--history: must be at most 10000000 snapshots; at an interval of 1 s this is 17280000"},
        {{"--state-dir", "state"},
         "--state-dir: must be an absolute path without empty, . or .. parts, e.g. "
         "/var/lib/altimeter, not \"state\""},
        {{"--state-dir", ""},
         "--state-dir: must be an absolute path without empty, . or .. parts, e.g. "
         "/var/lib/altimeter, not \"\""},
        {{"--run-dir", "run"},
         "--run-dir: must be an absolute path without empty, . or .. parts, of at most 90 bytes, "
         "e.g. /run/altimeter, not \"run\""},
        {{"-n", "a..b"}, "--namespace: must be " NAMESPACE ", not \"a..b\" (part 2: it is empty)"},
        {{"-n", "a.\033[2J"},
         "--namespace: must be " NAMESPACE ", not \"a.\\x1b[2J\" (part 2: character \"\\x1b\")"},
        {{"-n", "\377"},
         "--namespace: must be " NAMESPACE ", not \"\\xff\" (part 1: character \"\\xff\")"},
        {{"-g", "graphite"},
         "--graphite: must be HOST:PORT, a name or an address (IPv6 in "
         "brackets) and a port, 1..65535, not \"graphite\""},
        {{"-g", "a:1", "-g", "b:1", "-g", "a:1"},
         "--graphite: must have each target only once; \"a:1\" was there before"},
        {{"--http", "7070"}, "--http: must be " LISTEN "127.0.0.1:7070, not \"7070\""},
        {{"--http", "unix:/\377"},
         "--http: must be " LISTEN "127.0.0.1:7070, not \"unix:/\\xff\" (it is no UTF-8)"},
        {{"--http", "[::]:7070"},
         "--http: must be a loopback address or a unix socket, not \"[::]:7070\", unless "
         "http.token_file names a file with a token or http.anonymous is true"},
        {{"--lines", "10.0.0.1:7071"},
         "--lines: must be a loopback address or a unix socket, not \"10.0.0.1:7071\", unless "
         "lines.anonymous is true"},
        {{"--lines", "OFF"}, "--lines: must be " LISTEN "127.0.0.1:7071, not \"OFF\""},
        {{"--threshold", "/a"},
         "--threshold: must be MOUNT=PERCENT, e.g. /var/vcap/data=90, not \"/a\""},
        {{"--threshold", "a=5"}, "--threshold: must be " PATH ", not \"a\""},
        {{"--threshold", "=5"}, "--threshold: must be " PATH ", not \"\""},
        {{"--threshold", "/\377=5"},
         "--threshold: must be " PATH ", not \"/\\xff\" (it is no UTF-8)"},
        {{"--threshold", "/a/./b=5"},
         "--threshold: must be " PATH ", not \"/a/./b\" (it has a part \".\")"},
        {{"--threshold", "/a=101"},
         "--threshold: must be a whole number of percent, 1..100, or 0 "
         "for not observed, not \"101\""},
        {{"--threshold", "/a=80%"},
         "--threshold: must be a whole number of percent, 1..100, or 0 "
         "for not observed, not \"80%\""},
        {{"--threshold", "/a=1", "--threshold", "/a/=1"},
         "--threshold: must have each mount point only once; \"/a\" was there before"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct captured captured;
        char expected[CAPTURED_BYTES];

        captured_run(&captured, cases[i].arguments);
        snprintf(expected, sizeof expected, "altimeter: %s\n", cases[i].said);
        assert_string_equal(captured.said, expected);
        assert_int_equal(captured.result, -1);
        captured_clean(&captured);
    }
}

/* Loads `text` as a file before the arguments, which end with NULL. */
static void run_over(struct captured *captured, const char *text, const char *const *arguments)
{
    char path[] = "/tmp/altimeter-options-XXXXXX";
    const char *all[CAPTURED_ARGUMENTS + 1] = {0};
    size_t count = 0;

    captured_write(path, text, strlen(text));
    for (; arguments[count]; count++)
        all[count] = arguments[count];
    all[count] = "--config"; /* at the end: the file is read first all the same */
    all[count + 1] = path;
    captured_run(captured, all);
    unlink(path);
    assert_string_equal(captured->said, "");
}

static void options_win_over_the_file(void **state)
{
    struct captured captured;

    (void)state;
    run_over(&captured,
             "{\"namespace\": {\"instance_id\": \"i\", \"deployment_name\": \"d\","
             " \"service_type\": \"s\", \"node_id\": \"0\"}, \"interval\": 20, \"offset\": 3,"
             " \"history\": 5, \"state_dir\": \"/old\", \"http\": {\"listen\": \"0.0.0.0:1\"},"
             " \"run_dir\": \"/old\", \"lines\": {\"listen\": \"off\"}}",
             (const char *const[]){"-n", "redis.0", "-i", "5", "--history", "1m", "--http", "off",
                                   "--state-dir", "/new/", "--run-dir", "/run/new/", "--lines",
                                   "unix:/run/l", NULL});
    assert_string_equal(captured.config.namespace, "redis.0");
    assert_string_equal(captured.config.instance_id, "i");
    assert_int_equal(captured.config.interval_s, 5);
    assert_int_equal(captured.config.offset_s, 3);
    assert_int_equal(captured.config.history, 12);
    assert_string_equal(captured.config.state_dir, "/new");
    assert_string_equal(captured.config.run_dir, "/run/new");
    assert_false(captured.config.http_on);
    assert_string_equal(captured.config.lines_listen_text, "unix:/run/l");
    captured_clean(&captured);
}

/* And for the names of what lies in it. */
static void a_run_dir_leaves_room_for_a_socket(void **state)
{
    char folder[96] = "/";
    struct captured captured;

    (void)state;
    memset(folder + 1, 'x', 89);
    folder[90] = '/';
    captured_run(&captured, (const char *const[]){"--run-dir", folder, NULL});
    assert_string_equal(captured.said, "");
    assert_int_equal(strlen(captured.config.run_dir), 90);
    captured_clean(&captured);
    folder[90] = 'x';
    captured_run(&captured, (const char *const[]){"--run-dir", folder, NULL});
    assert_non_null(strstr(captured.said, "xxx...\" (it has 91 bytes)\n"));
    captured_clean(&captured);
}

static void targets_replace_those_of_the_file(void **state)
{
    static const char file[] = "{\"graphite\": [{\"host\": \"old\"}, {\"host\": \"older\"}]}";
    struct captured captured;

    (void)state;
    run_over(&captured, file, (const char *const[]){"-q", NULL});
    assert_int_equal(captured.config.target_count, 2);
    captured_clean(&captured);
    run_over(&captured, file,
             (const char *const[]){"-g", "new:1", "--graphite", "[::1]:2", "-g", "old:2003", NULL});
    assert_int_equal(captured.config.target_count, 3);
    assert_string_equal(captured.config.targets[0].name, "new:1");
    assert_string_equal(captured.config.targets[1].name, "[::1]:2");
    assert_string_equal(captured.config.targets[1].peer.host, "::1");
    assert_int_equal(captured.config.targets[1].peer.port, 2);
    captured_clean(&captured);
}

static void a_threshold_sets_its_mounts(void **state)
{
    static const struct {
        const char *mount;
        unsigned threshold_percent;
        bool when_seen;
    } expected[] = {{"/a", 1, false},
                    {"/b=c", 3, true},
                    {"/new=x", 100, false},
                    {"/var/vcap/store", 0, false},
                    {"/var/vcap/data", 80, true}};
    struct captured captured;

    (void)state;
    run_over(&captured,
             "{\"parachute\": {\"disks\": [{\"mount\": \"/a\", \"threshold\": 1},"
             " {\"mount\": \"/b=c\", \"threshold\": 2, \"when_seen\": true}]}}",
             (const char *const[]){"--threshold", "/new=x/=100", "--threshold", "/b=c=3",
                                   "--threshold=/var/vcap/store=0", NULL});
    assert_int_equal(captured.config.disk_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < captured.config.disk_count; i++) {
        assert_string_equal(captured.config.disks[i].mount, expected[i].mount);
        assert_int_equal(captured.config.disks[i].threshold_percent, expected[i].threshold_percent);
        assert_int_equal(captured.config.disks[i].when_seen, expected[i].when_seen);
    }
    captured_clean(&captured);
}

/* An interval from the command line with the file's offset: the error names the offset's place. */
static void what_does_not_fit_together_is_placed(void **state)
{
    char path[] = "/tmp/altimeter-options-XXXXXX";
    char expected[256];
    struct captured captured;

    (void)state;
    captured_write(path, "{\n  \"offset\": 7}", 16);
    captured_run(&captured, (const char *const[]){"-c", path, "-i", "7", NULL});
    unlink(path);
    snprintf(expected, sizeof expected,
             "%s:2:13: offset: must be less than the interval, which is 7 s, not 7\n", path);
    assert_string_equal(captured.said, expected);
    captured_clean(&captured);
}

static void the_mode_and_level_are_found(void **state)
{
    static const struct {
        const char *arguments[4];
        enum options_mode mode;
        enum log_level log_level;
    } cases[] = {
        {{NULL}, OPTIONS_RUN, LOG_LEVEL_INFO},
        {{"--once", "-q"}, OPTIONS_ONCE, LOG_LEVEL_WARNING},
        {{"--quiet", "--verbose"}, OPTIONS_RUN, LOG_LEVEL_DEBUG},
        {{"-t", "--once"}, OPTIONS_CHECK, LOG_LEVEL_INFO},
        {{"--check"}, OPTIONS_CHECK, LOG_LEVEL_INFO},
        {{"-V", "-v"}, OPTIONS_VERSION, LOG_LEVEL_DEBUG},
        {{"-Vh"}, OPTIONS_HELP, LOG_LEVEL_INFO},
        {{"--help", "-i", "0"}, OPTIONS_HELP, LOG_LEVEL_INFO},
        {{"--version", "-c", "/nonexistent"}, OPTIONS_VERSION, LOG_LEVEL_INFO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct captured captured;

        captured_run(&captured, cases[i].arguments);
        assert_string_equal(captured.said, "");
        assert_int_equal(captured.result, 0);
        assert_int_equal(captured.options.mode, cases[i].mode);
        assert_int_equal(captured.options.log_level, cases[i].log_level);
        captured_clean(&captured);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_options_are_refused_with_one_line),
        cmocka_unit_test(options_win_over_the_file),
        cmocka_unit_test(a_run_dir_leaves_room_for_a_socket),
        cmocka_unit_test(targets_replace_those_of_the_file),
        cmocka_unit_test(a_threshold_sets_its_mounts),
        cmocka_unit_test(what_does_not_fit_together_is_placed),
        cmocka_unit_test(the_mode_and_level_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
