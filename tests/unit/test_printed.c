/* What a command prints, made into lines. */
#include "parachute/run/printed.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parts_case {
    const char *parts[4]; /* as they come */
    const char *lines;    /* each ended by a | */
};

static void check_lines(const struct printed *printed, const char *expected)
{
    char text[200] = "";

    int len = 0;

    for (size_t i = 0; i < printed->count; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%.*s|", (int)printed->lines[i].len,
                        printed->lines[i].text);
    assert_string_equal(text, expected);
}

static void lines_are_put_together(void **state)
{
    static const struct parts_case cases[] = {
        {{""}, ""},
        {{"a\n"}, "a|"},
        {{"a"}, "a|"},
        {{"a", "b", "\n"}, "ab|"},
        {{"a\nb", "c\nd"}, "a|bc|d|"},
        {{"\n\n", "x"}, "||x|"},
        {{"a\n", "\n"}, "a||"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct printed *printed = calloc(1, sizeof *printed);

        assert_non_null(printed);
        for (size_t k = 0; k < 4 && cases[i].parts[k]; k++)
            printed_add(printed, cases[i].parts[k], strlen(cases[i].parts[k]));
        printed_end(printed);
        printed_end(printed);
        check_lines(printed, cases[i].lines);
        assert_int_equal(printed->unshown_lines, 0);
        assert_int_equal(printed->unshown_bytes, 0);
        free(printed);
    }
}

static void a_long_line_is_cut_and_the_rest_counted(void **state)
{
    struct printed *printed = calloc(1, sizeof *printed);
    char text[1000];

    (void)state;
    assert_non_null(printed);
    memset(text, 'x', sizeof text);
    printed_add(printed, text, sizeof text);
    printed_add(printed, text, sizeof text);
    printed_add(printed, "\n", 1);
    printed_add(printed, text, SUPERVISOR_LINE_MAX);
    printed_add(printed, "\nok", 3);
    printed_end(printed);
    assert_int_equal(printed->count, 3);
    assert_int_equal(printed->lines[0].len, SUPERVISOR_LINE_MAX);
    assert_int_equal(printed->lines[1].len, SUPERVISOR_LINE_MAX);
    assert_int_equal(printed->lines[2].len, 2);
    assert_int_equal(printed->unshown_lines, 0);
    assert_int_equal(printed->unshown_bytes, 2000 - SUPERVISOR_LINE_MAX);
    free(printed);
}

static void many_lines_are_counted(void **state)
{
    struct printed *printed = calloc(1, sizeof *printed);

    (void)state;
    assert_non_null(printed);
    for (unsigned i = 0; i < SUPERVISOR_LINES_MAX - 1; i++)
        printed_add(printed, "ab\n", 3);
    printed_add(printed, "last\nfirst\nsec", 14);
    assert_int_equal(printed->count, SUPERVISOR_LINES_MAX);
    assert_int_equal(printed->unshown_lines, 1);
    assert_int_equal(printed->unshown_bytes, 8);
    printed_add(printed, "ond", 3);
    printed_end(printed);
    assert_int_equal(printed->unshown_lines, 2);
    assert_int_equal(printed->unshown_bytes, 11);
    printed_add(printed, "third\n", 6);
    printed_end(printed);
    assert_int_equal(printed->unshown_lines, 3);
    assert_int_equal(printed->unshown_bytes, 16);
    free(printed);
}

static void a_nul_is_shown(void **state)
{
    struct printed *printed = calloc(1, sizeof *printed);

    (void)state;
    assert_non_null(printed);
    printed_add(printed, "a\0b\n\0", 5);
    printed_end(printed);
    check_lines(printed, "a?b|?|");
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_put_together),
        cmocka_unit_test(a_long_line_is_cut_and_the_rest_counted),
        cmocka_unit_test(many_lines_are_counted),
        cmocka_unit_test(a_nul_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
