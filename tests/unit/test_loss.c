/* What is said of what was lost. */
#include "emitter/push/loss.h"

#include "tests/unit/unit.h"

static void it_is_said_in_words(void **state)
{
    static const struct {
        struct loss loss;
        const char *text;
    } rows[] = {
        {{0}, "no snapshot was lost"},
        {{.snapshots = 1}, "1 snapshot was lost"},
        {{.snapshots = 7}, "7 snapshots were lost"},
        {{1, 1594380001, 1594380001},
         "1 snapshot was lost, from 2020-07-10T11:20:01Z to 2020-07-10T11:20:01Z"},
        {{3, 1594380001, 1594380030},
         "3 snapshots were lost, from 2020-07-10T11:20:01Z to 2020-07-10T11:20:30Z"},
        {{UINT64_MAX, INT64_MAX, INT64_MAX},
         "18446744073709551615 snapshots were lost, from 9223372036854775807 to "
         "9223372036854775807"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[LOSS_TEXT_BYTES];

        loss_text(&rows[i].loss, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void losses_add_up(void **state)
{
    struct loss loss = {0};

    (void)state;
    loss_add(&loss, &(struct loss){0});
    assert_int_equal(loss.from_s, 0);
    loss_add(&loss, &(struct loss){2, 500, 600});
    loss_add(&loss, &(struct loss){.snapshots = 3});
    loss_add(&loss, &(struct loss){1, 550, 550});
    assert_int_equal(loss.snapshots, 6);
    assert_int_equal(loss.from_s, 500);
    assert_int_equal(loss.to_s, 600);
    loss_add(&loss, &(struct loss){1, 400, 700});
    assert_int_equal(loss.from_s, 400);
    assert_int_equal(loss.to_s, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_said_in_words),
        cmocka_unit_test(losses_add_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
