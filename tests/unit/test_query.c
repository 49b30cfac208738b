/* The parts of a request's target. */
#include "emitter/http/query.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct request_part part_of(const char *text)
{
    return (struct request_part){text, text ? strlen(text) : 0};
}

static void test_quantity(void **state)
{
    static const struct {
        const char *query;
        int64_t quantity; /* 0: not given; -1: invalid */
    } rows[] = {
        {NULL, 0},
        {"", 0},
        {"&&&", 0},
        {"a=b", 0},
        {"quantit=1", 0},
        {"quantity1=1", 0},
        {"QUANTITY=x", 0},
        {"x=quantity=1", 0},
        {"%quantity=1", 0},
        {"quantity%00=1", 0},
        {"=1", 0},
        {"quantity=1", 1},
        {"quantity=9", 9},
        {"quantity=10", 10},
        {"quantity=123456789", 123456789},
        {"quantity=999999999", 999999999},
        {"a&quantity=7&b=quantity", 7},
        {"&quantity=7&", 7},
        {"%71%75%61%6e%74%69%74%79=%37", 7},
        {"%71%75%61%6E%74%69%74%79=7", 7},
        {"quantity", -1},
        {"quantity&a", -1},
        {"quantity=", -1},
        {"quantity=&a", -1},
        {"quantity=0", -1},
        {"quantity=00", -1},
        {"quantity=07", -1},
        {"quantity=%307", -1},
        {"quantity=1000000000", -1},
        {"quantity=18446744073709551617", -1},
        {"quantity=-7", -1},
        {"quantity=+7", -1},
        {"quantity= 7", -1},
        {"quantity=7 ", -1},
        {"quantity=7%", -1},
        {"quantity=7%3", -1},
        {"quantity=7%g7", -1},
        {"quantity=7%00", -1},
        {"quantity=%", -1},
        {"quantity=7=7", -1},
        {"quantity=7;8", -1},
        {"quantity=7,8", -1},
        {"quantity=7.", -1},
        {"quantity=7e0", -1},
        {"quantity=0x7", -1},
        {"quantity=\xd9\xa7", -1},
        {"quantity=7&quantity=7", -1},
        {"quantity=7&a&%71uantity=8", -1},
        {"quantity=7&quantity=", -1},
        {"quantity=&quantity=7", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t quantity = 4711;
        int result = query_quantity(part_of(rows[i].query), &quantity);

        print_message("%s\n", rows[i].query ? rows[i].query : "no query");
        assert_int_equal(result, rows[i].quantity < 0 ? -1 : 0);
        if (result == 0)
            assert_int_equal(quantity, rows[i].quantity);
    }
}

static void test_path(void **state)
{
    static const struct {
        const char *path;
        bool is;
    } rows[] = {
        {"/metrics", true},     {"/%6detrics", true}, {"%2Fmetrics", true},  {"", false},
        {"/", false},           {"/metric", false},   {"/metricss", false},  {"/metrics/", false},
        {"/metrics%00", false}, {"/Metrics", false},  {"/%6metrics", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(query_path_is(part_of(rows[i].path), "/metrics"), rows[i].is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantity),
        cmocka_unit_test(test_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
