/* Places in JSON text. In the tables a `^` stands before the byte that is asked for. */
#include "agent/config/locate.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text without its `^`; to be freed. */
static char *unmark(const char *marked, const char **at)
{
    int before = (int)strcspn(marked, "^");
    char *text = NULL;

    assert_true(asprintf(&text, "%.*s%s", before, marked, marked + before + 1) >= 0);
    *at = text + before;
    return text;
}

static void paths_lines_and_columns(void **state)
{
    static const struct {
        const char *marked;
        const char *path;
        unsigned line;
        unsigned column;
    } cases[] = {
        {"^{}", "", 1, 1},
        {"\n\t^[1]", "", 2, 2},
        {"{^\"a\": 1}", "a", 1, 2},
        {"{\"a\": ^1}", "a", 1, 7},
        {"{\"a\": 1,\r\n\"b\": {\"c\": ^\"x\"}}", "b.c", 2, 12},
        {"{\"b\": {\"c\": 1}, ^\"d\": 1}", "d", 1, 17},
        {"{\"b\": [1, {\"x\": 5}, ^{\"c\": 1}]}", "b[2]", 1, 21},
        {"{\"b\": [1, {\"x\": 5}, {\"c\": 1, \"d\": ^[]}]}", "b[2].d", 1, 35},
        {"[[1, 2], [3, ^4]]", "[1][1]", 1, 14},
        {"{\"a\": \"}]\\\"\", \"b\": ^1}", "b", 1, 20},
        {"{\"a\": \"\\\\\", \"b\": ^1}", "b", 1, 18},
        {"{\"A-b\": {\"\": ^1}}", "\"A-b\".\"\"", 1, 14},
        {"{\"\\u0061\": ^1}", "\"\\u0061\"", 1, 12},
        {"{\"\303\244\": ^1}", "\"\303\244\"", 1, 8},
        {"{\"a\": {\"a\": {\"b\": 1}, ^\"a\"", "a.a", 1, 23}, /* what follows is missing ... */
        {"{\"a\": {\"b\": 1, ^\"c\" ]]]]", "a.c", 1, 16},     /* or wrong */
        {"{\"a\": [1, ^2 \"\\", "a[1]", 1, 11},
        {"[[[[[[[[[^[1]]]]]]]]]]", "[0][0][0][0][0][0][0][0]", 1, 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = NULL;
        char *text = unmark(cases[i].marked, &at);
        char path[64];

        locate_path(text, at, path, sizeof path);
        assert_string_equal(path, cases[i].path);
        assert_int_equal(locate_spot(text, at).line, cases[i].line);
        assert_int_equal(locate_spot(text, at).column, cases[i].column);
        free(text);
    }
}

/* However long the keys, the path ends within its room. */
static void long_paths_are_cut(void **state)
{
    static char text[9000];
    size_t len = 0;
    char path[64];

    (void)state;
    for (int level = 0; level < 8; level++) {
        text[len++] = '{';
        text[len++] = '"';
        memset(text + len, 'k', 1000);
        len += 1000;
        text[len++] = '"';
        text[len++] = ':';
    }
    text[len] = '1';
    memset(path, '!', sizeof path);
    locate_path(text, text + len, path, sizeof path - 1);
    assert_true(strlen(path) <= sizeof path - 2);
    assert_int_equal(path[sizeof path - 1], '!');
}

static void tokens_are_found_from_their_end(void **state)
{
    static const struct {
        const char *marked; /* before the last byte */
        const char *start;
    } cases[] = {
        {"{\"a\": 1, \"b^\"", "\"b\""},
        {"{\"a\\\"b^\"", "\"a\\\"b\""},
        {"[1, -1.5e+99^9", "-1.5e+999"},
        {"^9", "9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *last = NULL;
        char *text = unmark(cases[i].marked, &last);

        assert_string_equal(locate_start(text, last), cases[i].start);
        free(text);
    }
}

static void members_in_turn(void **state)
{
    static const char text[] = " { \"a\" : [ {} , \"x,]\" ], \"b\":-1e5 ,\"c\":null} ";
    static const char *const members[] = {"\"a\" :", "\"b\":", "\"c\":"};
    static const char *const values[] = {"[ {} , \"x,]\" ]", "-1e5", "null"};
    static const char *const elements[] = {"{}", "\"x,]\""};
    const char *member = locate_first(locate_root(text));
    size_t i = 0;

    (void)state;
    for (; member && i < 3; member = locate_next(member), i++) {
        const char *value = locate_value(member);
        size_t len = (size_t)(locate_end(value) - value);

        assert_memory_equal(member, members[i], strlen(members[i]));
        assert_int_equal(len, strlen(values[i]));
        assert_memory_equal(value, values[i], len);
    }
    assert_null(member);
    assert_int_equal(i, 3);

    const char *element = locate_first(locate_value(locate_first(locate_root(text))));
    for (i = 0; element && i < 2; element = locate_next(element), i++)
        assert_memory_equal(element, elements[i], strlen(elements[i]));
    assert_null(element);
    assert_int_equal(i, 2);
    assert_null(locate_first("{ }"));
    assert_null(locate_first("["));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lines_and_columns),
        cmocka_unit_test(long_paths_are_cut),
        cmocka_unit_test(tokens_are_found_from_their_end),
        cmocka_unit_test(members_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
