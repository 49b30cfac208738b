/* CRC-32C, against numbers that others publish. */
#include "base/crc.h"
#include "tests/unit/unit.h"

#include <string.h>

static void test_known(void **state)
{
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(crc_add(0, "", 0), 0);
    assert_int_equal(crc_add(0, "123456789", 9), 0xE3069283);
    /* RFC 3720, B.4 */
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(crc_add(0, bytes, sizeof bytes), 0x8A9136AA);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc_add(0, bytes, sizeof bytes), 0x62A8AB43);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(crc_add(0, bytes, sizeof bytes), 0x46DD794E);
}

static void test_parts(void **state)
{
    (void)state;
    for (size_t at = 0; at <= 9; at++)
        assert_int_equal(crc_add(crc_add(0, "123456789", at), &"123456789"[at], 9 - at),
                         0xE3069283);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
