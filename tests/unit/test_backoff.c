/* Backoff: 1 s, doubling to 60 s, up to a quarter less by chance. */
#include "emitter/push/backoff.h"
#include "tests/unit/unit.h"

static void it_doubles_to_a_minute(void **state)
{
    const struct {
        unsigned failures;
        unsigned longest_ms;
    } rows[] = {{1, 1000},  {2, 2000},  {3, 4000},  {4, 8000},    {5, 16000},
                {6, 32000}, {7, 60000}, {8, 60000}, {100, 60000}, {UINT32_MAX, 60000}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned longest_ms = rows[i].longest_ms;

        assert_int_equal(backoff_wait_ms(rows[i].failures, 0), longest_ms);
        assert_int_equal(backoff_wait_ms(rows[i].failures, UINT32_C(1) << 31),
                         longest_ms - longest_ms / 8);
        assert_int_equal(backoff_wait_ms(rows[i].failures, UINT32_MAX),
                         longest_ms - longest_ms / 4 + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_doubles_to_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
