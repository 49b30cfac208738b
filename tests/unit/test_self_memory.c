/* Type `agent` where memory is short: each series in turn cannot be had. */
#include "emitter/self.h"
#include "tests/unit/unit.h"

static uint32_t asked;
static uint32_t refused; /* the one that cannot be had */
static int held;

uint32_t series_intern(struct series_table *table, const char *specific, ...)
{
    (void)table;
    (void)specific;
    if (asked++ == refused)
        return SERIES_NONE;
    held++;
    return asked;
}

void series_release(struct series_table *table, uint32_t series)
{
    (void)table;
    if (series != SERIES_NONE)
        held--;
}

static void test_each_series(void **state)
{
    static const struct target_options targets[] = {{.name = "a"}, {.name = "b"}};
    struct self *self = NULL;

    (void)state;
    for (refused = 0; !self; refused++) {
        asked = 0;
        self = self_new(NULL, targets, 2, true);
        if (!self)
            assert_int_equal(held, 0);
    }
    assert_int_equal(held, 2 * 6 + 8);
    assert_int_equal(refused, held + 1);
    self_free(self);
    assert_int_equal(held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_series)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
