/* One event, one line: what becomes of a message on its way into the log. */
#include "base/log.h"
#include "base/log_writer.h"
#include "tests/unit/heard.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const struct {
    const char *text;
    const char *line; /* NULL: as it is */
} texts[] = {
    {"", NULL},
    {"plain, with \"quotes\" and \\ and ~", NULL},
    {"tab\tnewline\nreturn\r", "tab\\x09newline\\x0areturn\\x0d"},
    {"\x1b[31mred\x7f", "\\x1b[31mred\\x7f"},
    /* UTF-8 that is shown */
    {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\xaa\x82 \xe6\x97\xa5", NULL},
    {"\xc2\xa0\xf4\x8f\xbf\xbd", NULL},
    /* control characters U+0080 to U+009F, the first and the last */
    {"a\xc2\x80z", "a\\xc2\\x80z"},
    {"a\xc2\x9b"
     "31mz",
     "a\\xc2\\x9b31mz"},
    {"a\xc2\x9fz", "a\\xc2\\x9fz"},
    /* the separators of lines and paragraphs */
    {"a\xe2\x80\xa8z", "a\\xe2\\x80\\xa8z"},
    {"a\xe2\x80\xa9z", "a\\xe2\\x80\\xa9z"},
    /* those that turn the direction: U+061C, U+200E, U+202E, U+2066, U+2069 */
    {"\xd8\x9c", "\\xd8\\x9c"},
    {"\xe2\x80\x8e", "\\xe2\\x80\\x8e"},
    {"\xe2\x80\xae", "\\xe2\\x80\\xae"},
    {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
    {"\xe2\x81\xa9", "\\xe2\\x81\\xa9"},
    /* beside them */
    {"\xe2\x80\xaf\xe2\x80\xa7", NULL},
    /* no UTF-8: a lone tail, one cut short, too long a form, a surrogate, above U+10FFFF, 0xff */
    {"\x80z", "\\x80z"},
    {"\xe2\x82z", "\\xe2\\x82z"},
    {"\xf0\x9f\xaa", "\\xf0\\x9f\\xaa"},
    {"\xc0\xaf", "\\xc0\\xaf"},
    {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"\xff\xfe", "\\xff\\xfe"},
};

static void text_comes_out_on_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char said[4096];
        char expected[4096];

        hear_log();
        log_write(LOG_LEVEL_WARNING, "%s", texts[i].text);
        heard_log(said);
        snprintf(expected, sizeof expected, "warning: %s\n",
                 texts[i].line ? texts[i].line : texts[i].text);
        assert_string_equal(said, expected);
    }
}

/* The longest line, full of one character: no character and no \xNN is cut in two. */
static void a_long_line_is_cut(void **state)
{
    static const struct {
        const char *character, *shown;
    } cases[] = {{"x", "x"},
                 {"\xc3\xa9", "\xc3\xa9"},
                 {"\xf0\x9f\xaa\x82", "\xf0\x9f\xaa\x82"},
                 {"\n", "\\x0a"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t before = 0; before < 5; before++) {
            char text[8192] = "";
            size_t bytes = strlen(cases[i].character);
            char said[4096];

            memset(text, '-', before);
            for (size_t k = 0; k < 1200; k++)
                memcpy(text + before + k * bytes, cases[i].character, bytes);
            hear_log();
            log_write(LOG_LEVEL_INFO, "%s", text);
            heard_log(said);
            size_t len = strlen(said);
            size_t step = strlen(cases[i].shown);
            assert_in_range(len, LOG_LINE_BYTES - step, LOG_LINE_BYTES);
            assert_int_equal((len - 1 - before) % step, 0);
            for (size_t at = before; at < len - 1; at += step)
                assert_memory_equal(said + at, cases[i].shown, step);
            assert_int_equal(said[len - 1], '\n');
        }
    }
}

static void levels_are_told_and_kept(void **state)
{
    char said[4096];

    (void)state;
    hear_log();
    log_open(LOG_LEVEL_WARNING);
    log_write(LOG_LEVEL_ERROR, "one");
    log_write(LOG_LEVEL_WARNING, "two");
    log_write(LOG_LEVEL_INFO, "three");
    log_open(LOG_LEVEL_DEBUG);
    log_write(LOG_LEVEL_INFO, "four");
    log_write(LOG_LEVEL_DEBUG, "five");
    heard_log(said);
    assert_string_equal(said, "error: one\nwarning: two\nfour\ndebug: five\n");
}

/* Runs `act` in a process of its own whose log is a file, until the file has what is expected. */
static void check_in_a_process(void (*act)(void), const char *expected)
{
    char said[4096] = "";

    int file = memfd_create("log", 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(file, STDERR_FILENO);
        log_start();
        act();
        log_close();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (int i = 0; i < 2000 && strcmp(said, expected) != 0; i++) { /* another process writes it */
        ssize_t len = pread(file, said, sizeof said - 1, 0);

        assert_true(len >= 0);
        said[len] = '\0';
        usleep(10000);
    }
    assert_string_equal(said, expected);
    close(file);
}

static void fork_between(void)
{
    log_write(LOG_LEVEL_INFO, "before");
    pid_t child = fork();
    if (child == 0) {
        log_write(LOG_LEVEL_INFO, "from the child");
        _exit(0);
    }
    waitpid(child, NULL, 0);
    log_write(LOG_LEVEL_INFO, "after");
}

/* What a forked process has for stderr may be a file of quite another purpose. */
static void a_forked_process_has_no_log(void **state)
{
    (void)state;
    check_in_a_process(fork_between, "before\nafter\n");
}

static void write_raw(void)
{
    log_write(LOG_LEVEL_INFO, "ours");
    assert_int_equal(write(STDERR_FILENO, "", 0), 0);
    assert_int_equal(write(STDERR_FILENO, "a report:\n", 10), 10);
    assert_int_equal(write(STDERR_FILENO, "", 0), 0);
    log_write(LOG_LEVEL_INFO, "ours again");
}

/* A sanitizer, or libc, writes in pieces, and empty ones too. */
static void what_others_write_is_there(void **state)
{
    (void)state;
    check_in_a_process(write_raw, "ours\na report:\nours again\n");
}

#define FLOOD 2000 /* lines, far more than are under way at once */

/* The log's own process, which is the only child. */
static pid_t log_process(void)
{
    char text[32] = "";
    FILE *children = fopen("/proc/thread-self/children", "r");

    if (!children || !fgets(text, sizeof text, children))
        _exit(1);
    fclose(children);
    return (pid_t)strtol(text, NULL, 10);
}

/* Lines that begin with `begin`, and the number after that in the last of them. */
static long lines_of(const char *text, const char *begin, long *number)
{
    long count = 0;

    for (const char *at = text; (at = strstr(at, begin)); at += strlen(begin), count++)
        *number = strtol(at + strlen(begin), NULL, 10);
    return count;
}

/* The log's process hangs, more is said than it can be owed, and the agent ends: it still says how
 * much was lost. */
static void what_was_lost_is_said_after_the_end(void **state)
{
    static char said[FLOOD * LOG_LINE_BYTES / 16];
    int file = memfd_create("log", 0);
    int way[2];
    pid_t helper = 0;
    long last = 0;
    long lost = 0;

    (void)state;
    assert_int_equal(pipe(way), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(file, STDERR_FILENO);
        log_start();
        helper = log_process();
        kill(helper, SIGSTOP);
        waitpid(helper, NULL, WUNTRACED);
        if (write(way[1], &helper, sizeof helper) != sizeof helper)
            _exit(1);
        for (int i = 0; i < FLOOD; i++)
            log_write(LOG_LEVEL_INFO, "line %d", i);
        log_close();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(read(way[0], &helper, sizeof helper), sizeof helper);
    assert_int_equal(kill(helper, SIGCONT), 0);
    for (int i = 0; i < 2000 && lines_of(said, "warning: log: ", &lost) == 0; i++) {
        ssize_t len = pread(file, said, sizeof said - 1, 0);

        assert_true(len >= 0);
        said[len] = '\0';
        usleep(10000);
    }
    assert_in_range(lost, 1, FLOOD);
    assert_int_equal(lines_of(said, "line ", &last) + lost, FLOOD);
    close(file);
    close(way[0]);
    close(way[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_out_on_one_line),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(levels_are_told_and_kept),
        cmocka_unit_test(a_forked_process_has_no_log),
        cmocka_unit_test(what_others_write_is_there),
        cmocka_unit_test(what_was_lost_is_said_after_the_end),
    };
    unsetenv("JOURNAL_STREAM");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
