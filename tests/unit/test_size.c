/* Sizes: one whole number, one unit. */
#include "agent/config/size.h"
#include "tests/unit/unit.h"

static void sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: refused */
        const char *again;
    } cases[] = {{"1K", 1024, "1K"},
                 {"512K", 524288, "512K"},
                 {"64M", 67108864, "64M"},
                 {"2G", 2147483648, "2G"},
                 {"1T", 1099511627776, "1T"},
                 {"1KiB", 1024, "1K"},
                 {"64MiB", 67108864, "64M"},
                 {"2GiB", 2147483648, "2G"},
                 {"1TiB", 1099511627776, "1T"},
                 {"1024K", 1048576, "1M"},
                 {"1025K", 1049600, "1025K"},
                 {"007K", 7168, "7K"},
                 {"16777215T", 18446742974197923840U, "16777215T"},
                 {"16777216T", 0, NULL},
                 {"18014398509481983K", 18446744073709550592U, "18014398509481983K"},
                 {"18014398509481984K", 0, NULL},
                 {"99999999999999999999K", 0, NULL},
                 {"0K", 0, NULL},
                 {"K", 0, NULL},
                 {"", 0, NULL},
                 {"65536", 0, NULL},
                 {"1k", 0, NULL},
                 {"1KB", 0, NULL},
                 {"1Ki", 0, NULL},
                 {"1KiBs", 0, NULL},
                 {"1iB", 0, NULL},
                 {"1 K", 0, NULL},
                 {" 1K", 0, NULL},
                 {"1.5K", 0, NULL},
                 {"-1K", 0, NULL},
                 {"+1K", 0, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t bytes = 0;
        char again[SIZE_TEXT_MAX];
        int parsed = size_parse(cases[i].text, &bytes);

        assert_int_equal(parsed, cases[i].bytes > 0 ? 0 : -1);
        assert_true(bytes == cases[i].bytes);
        if (parsed == 0) {
            assert_int_equal(size_format(bytes, again), 0);
            assert_string_equal(again, cases[i].again);
        }
    }
}

static void what_no_unit_divides_is_not_rounded(void **state)
{
    static const uint64_t sizes_bytes[] = {0, 1, 1023, 1025, 1048577, UINT64_MAX};
    char text[SIZE_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof sizes_bytes / sizeof sizes_bytes[0]; i++)
        assert_int_equal(size_format(sizes_bytes[i], text), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(what_no_unit_divides_is_not_rounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
