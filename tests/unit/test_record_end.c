/* The end of a run as its supervisor leaves it, spoilt: then there is none. */
#include "parachute/keep/slot.h"
#include "tests/unit/records.h"

static void a_spoilt_end_is_none(void **state)
{
    const struct record_end end = {.number = 2, .attempt = 1, .status = 256 + 9, .ended_s = 77};
    struct record_end read = {.number = 5};
    uint8_t slot[RECORD_END_SLOT];

    (void)state;
    record_encode_end(&end, slot);
    for (size_t bit = 0; bit < (size_t)8 * 64; bit++) {
        slot[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(record_decode_end(slot, sizeof slot, &read), -1);
        slot[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    slot_seal(slot, SLOT_END, 63);
    assert_int_equal(record_decode_end(slot, sizeof slot, &read), -1);
    for (size_t at = 32; at <= 44; at += 12, record_encode_end(&end, slot)) { /* status, pid */
        bytes_put_u32(slot + at, 0x80000000);
        slot_seal(slot, SLOT_END, 64);
        assert_int_equal(record_decode_end(slot, sizeof slot, &read), -1);
    }
    assert_int_equal(read.number, 5); /* nothing was changed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spoilt_end_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
