/* Text of unknown origin, as an operator's terminal and shell get it. */
#include "agent/control/visible.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    const char *shown;
    size_t width;
} texts[] = {
    {"", "", 0},
    {"/var/vcap/data", "/var/vcap/data", 14},
    {"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f", 15},
    {"\x1b[31mred", "\\x1b[31mred", 11},
    {"Größe €", "Größe €", 7},
    {"\U0001f4be", "\U0001f4be", 1},
    {"c1 \xc2\x9b.", "c1 \\xc2\\x9b.", 12},
    {"turned \xe2\x80\xae.", "turned \\xe2\\x80\\xae.", 20},
    {"lines \xe2\x80\xa8.", "lines \\xe2\\x80\\xa8.", 19},
    {"latin \xe4", "latin \\xe4", 10},
    {"cut \xe2\x82", "cut \\xe2\\x82", 12},
    {"long form \xc0\xaf", "long form \\xc0\\xaf", 18},
    {"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80", 22},
    {"beyond \xf4\x90\x80\x80", "beyond \\xf4\\x90\\x80\\x80", 23},
    {"no lead \x80\xff", "no lead \\x80\\xff", 16},
    {"five \xf8\x88\x80\x80\x80", "five \\xf8\\x88\\x80\\x80\\x80", 25},
};

static void what_a_terminal_would_obey_is_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bytes out = {0};

        visible_add(&out, texts[i].text, strlen(texts[i].text));
        assert_int_equal(out.len, strlen(texts[i].shown));
        if (out.len > 0)
            assert_memory_equal(out.data, texts[i].shown, out.len);
        assert_int_equal(visible_width(texts[i].shown, strlen(texts[i].shown)), texts[i].width);
        bytes_clean(&out);
    }
}

static void the_length_is_what_counts(void **state)
{
    struct bytes out = {0};

    (void)state;
    visible_add(&out, "a\0b", 3);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.data, "a\\x00b", 6);
    bytes_cut(&out, 0);
    visible_add(&out, "\xe2\x82\xac", 2); /* nothing behind the end is looked at */
    assert_int_equal(out.len, 8);
    assert_memory_equal(out.data, "\\xe2\\x82", 8);
    bytes_clean(&out);
}

static const struct {
    const char *word;
    const char *quoted;
} words[] = {
    {"/bin/stop", "/bin/stop"},
    {"--now=1,2", "--now=1,2"},
    {"", "''"},
    {"a b", "'a b'"},
    {"$HOME;`id`", "'$HOME;`id`'"},
    {"it's", "'it'\\''s'"},
    {"back\\slash", "'back\\slash'"},
    {"~", "'~'"},
    {"Größe", "'Größe'"},
    {"two\nlines", "$'two\\x0alines'"},
    {"it's\x1b\\", "$'it\\'s\\x1b\\\\'"},
    {"\xff"
     "fe",
     "$'\\xfffe'"},
};

static void a_word_can_be_pasted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct bytes out = {0};

        visible_quote(&out, words[i].word);
        assert_int_equal(out.len, strlen(words[i].quoted));
        assert_memory_equal(out.data, words[i].quoted, out.len);
        bytes_clean(&out);
    }
}

/* bash itself reads it back, whatever the bytes. */
static void a_shell_reads_it_back(void **state)
{
    char word[256];

    (void)state;
    for (unsigned from = 1; from < 256; from += 15) {
        struct bytes command = {0};
        size_t len = 0;
        char back[sizeof word] = "";

        for (unsigned byte = from; byte < from + 15; byte++)
            word[len++] = (char)(byte < 256 ? byte : 'x');
        word[len] = '\0';
        bytes_add(&command, "exec printf %s ", 15);
        visible_quote(&command, word);
        bytes_add(&command, "", 1);
        assert_int_equal(setenv("TEST_COMMAND", (const char *)command.data, 1), 0);
        FILE *shell = popen("exec bash -c \"$TEST_COMMAND\"", "r"); /* NOLINT(cert-env33-c) */
        assert_non_null(shell);
        size_t got = fread(back, 1, sizeof back, shell);
        assert_int_equal(pclose(shell), 0);
        assert_int_equal(got, len);
        assert_memory_equal(back, word, len);
        bytes_clean(&command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
        cmocka_unit_test(the_length_is_what_counts),
        cmocka_unit_test(a_word_can_be_pasted),
        cmocka_unit_test(a_shell_reads_it_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
