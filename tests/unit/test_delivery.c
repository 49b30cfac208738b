/* The bookkeeping of a push: what is owed, under way, acknowledged, lost. */
#include "emitter/delivery.h"
#include "tests/unit/bench.h"

static void assert_counts(const struct delivery *delivery, uint64_t owed, uint64_t under_way,
                          uint64_t acked, uint64_t lost)
{
    struct delivery_counts counts = delivery_counts(delivery);

    assert_int_equal(counts.owed, owed);
    assert_int_equal(counts.under_way, under_way);
    assert_int_equal(counts.acked, acked);
    assert_int_equal(counts.lost, lost);
}

/* What is peeked is the unsent rest of this snapshot's lines, from byte `from` on. */
static size_t assert_next(struct bench *bench, struct delivery *delivery, uint64_t number,
                          size_t from)
{
    struct evbuffer *expected = evbuffer_new();
    size_t len = 0;
    const void *bytes = delivery_peek(delivery, &len);

    bench_lines(bench, number, expected);
    evbuffer_drain(expected, from);
    assert_non_null(bytes);
    assert_int_equal(len, evbuffer_get_length(expected));
    assert_memory_equal(bytes, evbuffer_pullup(expected, -1), len);
    evbuffer_free(expected);
    return len;
}

static size_t send_next(struct bench *bench, struct delivery *delivery, uint64_t number)
{
    size_t len = assert_next(bench, delivery, number, 0);

    delivery_sent(delivery, len);
    return len;
}

static void the_oldest_goes_first_and_counts_when_acknowledged(void **state)
{
    struct bench bench;
    size_t len = 0;

    (void)state;
    bench_open(&bench, 10, 3);
    bench_append(&bench);
    bench_append(&bench);
    struct delivery *delivery = delivery_new(bench.ring, bench.series);
    assert_counts(delivery, 0, 0, 0, 0);
    delivery_owe_new(delivery);
    assert_counts(delivery, 2, 0, 0, 0);

    size_t first = send_next(&bench, delivery, 1);
    size_t second = send_next(&bench, delivery, 2);
    assert_null(delivery_peek(delivery, &len));
    delivery_acked(delivery, first + second);
    assert_counts(delivery, 0, 2, 0, 0);
    delivery_acked(delivery, second + 1);
    assert_counts(delivery, 0, 2, 0, 0);
    delivery_acked(delivery, second);
    assert_counts(delivery, 0, 1, 1, 0);
    bench_append(&bench);
    delivery_owe_new(delivery);
    delivery_acked(delivery, 0);
    assert_counts(delivery, 1, 0, 2, 0);
    delivery_free(delivery);
    bench_close(&bench);
}

static void a_break_owes_again_whole_lines(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 10, 3);
    for (unsigned i = 0; i < 3; i++)
        bench_append(&bench);
    struct delivery *delivery = delivery_new(bench.ring, bench.series);
    delivery_owe_new(delivery);
    send_next(&bench, delivery, 1);
    size_t second = send_next(&bench, delivery, 2);
    assert_next(&bench, delivery, 3, 0);
    delivery_sent(delivery, 5);
    assert_next(&bench, delivery, 3, 5);
    delivery_acked(delivery, second + 5);
    assert_counts(delivery, 0, 2, 1, 0);

    delivery_broke(delivery);
    assert_counts(delivery, 2, 0, 1, 0);
    send_next(&bench, delivery, 2);
    delivery_acked(delivery, 0);
    assert_counts(delivery, 1, 0, 2, 0);
    send_next(&bench, delivery, 3);
    delivery_acked(delivery, UINT64_MAX); /* nobody could say */
    assert_counts(delivery, 0, 1, 2, 0);
    delivery_acked(delivery, 0);
    assert_counts(delivery, 0, 0, 3, 0);
    delivery_free(delivery);
    bench_close(&bench);
}

static void what_the_ring_overwrites_is_lost_unless_it_is_under_way(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 4, 3);
    struct delivery *delivery = delivery_new(bench.ring, bench.series);
    for (unsigned i = 0; i < 4; i++)
        bench_append(&bench);
    delivery_owe_new(delivery);
    assert_next(&bench, delivery, 1, 0);
    delivery_sent(delivery, 7);
    for (unsigned i = 0; i < 3; i++)
        bench_append(&bench); /* 4..7 are left; 2 and 3 are lost; 1 is in hand */
    delivery_owe_new(delivery);
    assert_int_equal(delivery_forget(delivery), 2);
    assert_int_equal(delivery_forget(delivery), 0);
    assert_counts(delivery, 4, 1, 0, 2);

    size_t len = 0;
    delivery_peek(delivery, &len);
    delivery_sent(delivery, len);
    delivery_acked(delivery, 0);
    assert_counts(delivery, 4, 0, 1, 2);
    send_next(&bench, delivery, 4);
    bench_append(&bench);
    delivery_broke(delivery); /* 4 is owed again, and is not in the ring any more */
    delivery_owe_new(delivery);
    assert_next(&bench, delivery, 5, 0);
    assert_counts(delivery, 3, 1, 1, 3);
    delivery_free(delivery);
    bench_close(&bench);
}

static void no_more_is_given_out_than_can_be_remembered(void **state)
{
    struct bench bench;
    size_t len = 0;
    size_t last = 0;

    (void)state;
    bench_open(&bench, DELIVERY_UNDER_WAY + 10, 1);
    for (unsigned i = 0; i < DELIVERY_UNDER_WAY + 2; i++)
        bench_append(&bench);
    struct delivery *delivery = delivery_new(bench.ring, bench.series);
    delivery_owe_new(delivery);
    for (uint64_t number = 1; number <= DELIVERY_UNDER_WAY; number++)
        last = send_next(&bench, delivery, number);
    assert_null(delivery_peek(delivery, &len));
    assert_counts(delivery, 2, DELIVERY_UNDER_WAY, 0, 0);
    delivery_acked(delivery, last);
    send_next(&bench, delivery, DELIVERY_UNDER_WAY + 1);
    delivery_broke(delivery);
    assert_counts(delivery, 3, 0, DELIVERY_UNDER_WAY - 1, 0);
    send_next(&bench, delivery, DELIVERY_UNDER_WAY);
    delivery_free(delivery);
    bench_close(&bench);
}

static void a_snapshot_without_lines_holds_up_nothing(void **state)
{
    struct bench bench;
    size_t len = 0;

    (void)state;
    bench_open(&bench, 4, 1);
    struct delivery *delivery = delivery_new(bench.ring, bench.series);
    bench.lines = 0;
    bench_append(&bench);
    bench.lines = 1;
    bench_append(&bench);
    delivery_owe_new(delivery);
    send_next(&bench, delivery, 2);
    assert_null(delivery_peek(delivery, &len));
    delivery_acked(delivery, 0);
    assert_counts(delivery, 0, 0, 2, 0);
    delivery_free(delivery);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_goes_first_and_counts_when_acknowledged),
        cmocka_unit_test(a_break_owes_again_whole_lines),
        cmocka_unit_test(what_the_ring_overwrites_is_lost_unless_it_is_under_way),
        cmocka_unit_test(no_more_is_given_out_than_can_be_remembered),
        cmocka_unit_test(a_snapshot_without_lines_holds_up_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
