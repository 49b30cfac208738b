/* Durations: one whole number, one unit. */
#include "agent/config/duration.h"
#include "tests/unit/unit.h"

static void durations(void **state)
{
    static const struct {
        const char *text;
        unsigned duration_s; /* 0: refused */
        const char *again;
    } cases[] = {{"1s", 1, "1s"},
                 {"90s", 90, "90s"},
                 {"60s", 60, "1m"},
                 {"48h", 172800, "2d"},
                 {"25h", 90000, "25h"},
                 {"4294967295s", 4294967295, "4294967295s"},
                 {"4294967296s", 0, NULL},
                 {"49711d", 0, NULL},
                 {"99999999999s", 0, NULL},
                 {"0h", 0, NULL},
                 {"h", 0, NULL},
                 {"1", 0, NULL},
                 {"", 0, NULL},
                 {"1 h", 0, NULL},
                 {"1hh", 0, NULL},
                 {"-1h", 0, NULL},
                 {"1H", 0, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned duration_s = 0;
        char again[DURATION_TEXT_MAX];
        int parsed = duration_parse(cases[i].text, &duration_s);

        assert_int_equal(parsed, cases[i].duration_s > 0 ? 0 : -1);
        assert_int_equal(duration_s, cases[i].duration_s);
        if (parsed == 0) {
            duration_format(duration_s, again);
            assert_string_equal(again, cases[i].again);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
