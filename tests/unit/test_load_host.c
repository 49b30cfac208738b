/* libstatgrab's door against what the C library says of this machine. */
#include "collector/host.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static void test_load(void **state)
{
    double expected[3] = {0};
    double load[3] = {0};
    bool equal = false;

    (void)state;
    assert_int_equal(host_open(), 0);
    for (int i = 0; i < 10 && !equal; i++) { /* the kernel may reckon anew in between */
        assert_int_equal(getloadavg(expected, 3), 3);
        assert_int_equal(host_load(load), 0);
        equal = load[0] == expected[0] && load[1] == expected[1] && load[2] == expected[2];
    }
    assert_true(equal);
    host_close();
}

static void test_name(void **state)
{
    char expected[256] = "";
    char name[256] = "";
    char cut[3] = "";

    (void)state;
    assert_int_equal(gethostname(expected, sizeof expected - 1), 0);
    assert_int_equal(host_open(), 0);
    assert_int_equal(host_name(name, sizeof name), 0);
    assert_string_equal(name, expected);
    assert_int_equal(host_name(cut, sizeof cut), 0);
    expected[2] = '\0';
    assert_string_equal(cut, expected);
    host_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_load), cmocka_unit_test(test_name)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
