/* The bookkeeping of a push: what goes when, and when it counts as delivered. */
#include "tests/unit/deliver.h"

static void one_counts_when_it_is_acknowledged(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 10, 3);
    bench_append(&bench);
    bench_append(&bench);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    assert_counts(delivery, 0, 0, 0, 0);
    delivery_owe_new(delivery);
    assert_counts(delivery, 2, 0, 0, 0);

    size_t first = send_next(&bench, delivery, 2);
    size_t second = send_next(&bench, delivery, 1);
    assert_nothing_goes(delivery);
    delivery_acked(delivery, first + second, now_ns);
    assert_counts(delivery, 0, 2, 0, 0);
    delivery_acked(delivery, second + 1, now_ns);
    assert_counts(delivery, 0, 2, 0, 0);
    assert_int_equal(delivery_counts(delivery).acked_ns, 0);
    delivery_acked(delivery, second, now_ns);
    assert_counts(delivery, 0, 1, 1, 0);
    append(&bench, delivery, 1);
    delivery_acked(delivery, 0, now_ns + 5);
    assert_counts(delivery, 1, 0, 2, 0);
    assert_int_equal(delivery_counts(delivery).acked_ns, now_ns + 5);
    end(&bench, delivery);
}

/* The newest goes first, whenever it comes; what is begun is finished before. */
static void live_comes_before_old(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 20, 3);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    append(&bench, delivery, 5);
    send_next(&bench, delivery, 5);
    send_next(&bench, delivery, 1);
    assert_next(&bench, delivery, 2, 0);
    delivery_sent(delivery, 9);
    append(&bench, delivery, 2); /* 6 is old before it was ever sent */
    size_t rest = assert_next(&bench, delivery, 2, 9);
    delivery_sent(delivery, rest);
    send_next(&bench, delivery, 7);
    send_next(&bench, delivery, 3);
    append(&bench, delivery, 1);
    send_next(&bench, delivery, 8);
    send_next(&bench, delivery, 4);
    send_next(&bench, delivery, 6);
    assert_nothing_goes(delivery);
    end(&bench, delivery);
}

/* Ten lines a snapshot, 100 a second: an old one each 100 ms, and live ones at once. */
static void old_ones_wait_for_their_turn(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 100, 10);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){.replay_rate = 100});
    append(&bench, delivery, 50);
    send_next(&bench, delivery, 50);
    assert_nothing_goes(delivery);
    assert_true(delivery_wait_ns(delivery, now_ns) > 0);
    for (uint64_t number = 1; number <= 20; number++) {
        now_ns += CLOCK_NS_PER_MS * 100;
        assert_int_equal(delivery_wait_ns(delivery, now_ns), 0);
        send_next(&bench, delivery, number);
        assert_nothing_goes(delivery);
        assert_in_range(delivery_wait_ns(delivery, now_ns), 1, CLOCK_NS_PER_MS * 150);
    }
    append(&bench, delivery, 1);
    send_next(&bench, delivery, 51);
    assert_nothing_goes(delivery);
    now_ns += CLOCK_NS_PER_MS * 100; /* the live one is paid for as well */
    assert_nothing_goes(delivery);
    now_ns += CLOCK_NS_PER_MS * 100;
    send_next(&bench, delivery, 21);
    end(&bench, delivery);
}

/* A connection that breaks each millisecond brings no more than one that stays. */
static void breaking_is_not_a_way_around_the_pace(void **state)
{
    struct bench bench;
    unsigned snapshots = 0;

    (void)state;
    bench_open(&bench, 100, 10);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){.replay_rate = 1000});
    append(&bench, delivery, 50);
    for (unsigned ms = 0; ms < 2000; ms++) {
        size_t len = 0;

        while (delivery_peek(delivery, now_ns, &len)) {
            delivery_sent(delivery, len);
            snapshots++;
        }
        delivery_acked(delivery, 0, now_ns);
        delivery_broke(delivery, now_ns);
        now_ns += CLOCK_NS_PER_MS;
        if (ms % 500 == 499)
            append(&bench, delivery, 1);
    }
    assert_in_range(snapshots, 190, 207);
    assert_counts(delivery, 54, 0, snapshots, 0);
    end(&bench, delivery);
}

static void a_break_owes_again_whole_lines(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 10, 3);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    append(&bench, delivery, 3);
    send_next(&bench, delivery, 3);
    size_t second = send_next(&bench, delivery, 1);
    assert_next(&bench, delivery, 2, 0);
    delivery_sent(delivery, 5);
    assert_next(&bench, delivery, 2, 5);
    delivery_acked(delivery, second + 5, now_ns);
    assert_counts(delivery, 0, 2, 1, 0);

    delivery_broke(delivery, now_ns); /* also 3, which was acknowledged just now */
    assert_counts(delivery, 3, 0, 1, 0);
    send_next(&bench, delivery, 3);
    delivery_acked(delivery, 0, now_ns);
    assert_counts(delivery, 2, 0, 2, 0);
    send_next(&bench, delivery, 1);
    delivery_acked(delivery, UINT64_MAX, now_ns); /* nobody could say */
    assert_counts(delivery, 1, 1, 2, 0);
    delivery_acked(delivery, 0, now_ns);
    assert_counts(delivery, 1, 0, 3, 0);
    end(&bench, delivery);
}

/* Delivered is what is older than `settle`, with a MiB acknowledged behind it. */
static void what_settled_does_not_come_again(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 1000, 500); /* some 35 KB each, so 30 a MiB */
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){.settle_ms = 60000});
    for (uint64_t number = 1; number <= 100; number++) {
        append(&bench, delivery, 1);
        send_next(&bench, delivery, number);
        now_ns += CLOCK_NS_PER_S;
        delivery_acked(delivery, 0, now_ns);
    }
    assert_counts(delivery, 0, 0, 100, 0);
    delivery_broke(delivery, now_ns);
    assert_in_range(delivery_counts(delivery).owed, 60, 64);
    send_next(&bench, delivery, 100);

    for (uint64_t number = 101; number <= 200;
         number++) { /* slower: the MiB reaches further back */
        size_t len = 0;
        append(&bench, delivery, 1);
        while (delivery_peek(delivery, now_ns, &len))
            delivery_sent(delivery, len);
        now_ns += CLOCK_NS_PER_S * 10;
        delivery_acked(delivery, 0, now_ns);
    }
    delivery_broke(delivery, now_ns);
    assert_in_range(delivery_counts(delivery).owed, 30, 33);
    end(&bench, delivery);
}

static void no_more_is_given_out_than_can_be_remembered(void **state)
{
    struct bench bench;
    size_t last = 0;

    (void)state;
    bench_open(&bench, DELIVERY_UNDER_WAY + 10, 1);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){.replay_rate = 1});
    append(&bench, delivery, DELIVERY_UNDER_WAY + 2);
    send_next(&bench, delivery, DELIVERY_UNDER_WAY + 2);
    for (uint64_t number = 1; number < DELIVERY_UNDER_WAY; number++) {
        now_ns += CLOCK_NS_PER_S;
        last = send_next(&bench, delivery, number);
    }
    assert_nothing_goes(delivery);
    assert_int_equal(delivery_wait_ns(delivery, now_ns), 0); /* it is not the pace */
    assert_counts(delivery, 2, DELIVERY_UNDER_WAY, 0, 0);
    delivery_acked(delivery, last, now_ns);
    now_ns += CLOCK_NS_PER_S;
    send_next(&bench, delivery, DELIVERY_UNDER_WAY);
    delivery_broke(delivery, now_ns);
    assert_counts(delivery, DELIVERY_UNDER_WAY + 2, 0, DELIVERY_UNDER_WAY - 1, 0);
    end(&bench, delivery);
}

static void a_snapshot_without_lines_holds_up_nothing(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 4, 1);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    bench.lines = 0;
    append(&bench, delivery, 1);
    bench.lines = 1;
    append(&bench, delivery, 1);
    send_next(&bench, delivery, 2);
    assert_nothing_goes(delivery);
    delivery_acked(delivery, 0, now_ns);
    assert_counts(delivery, 0, 0, 2, 0);
    end(&bench, delivery);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_counts_when_it_is_acknowledged),
        cmocka_unit_test(live_comes_before_old),
        cmocka_unit_test(old_ones_wait_for_their_turn),
        cmocka_unit_test(breaking_is_not_a_way_around_the_pace),
        cmocka_unit_test(a_break_owes_again_whole_lines),
        cmocka_unit_test(what_settled_does_not_come_again),
        cmocka_unit_test(no_more_is_given_out_than_can_be_remembered),
        cmocka_unit_test(a_snapshot_without_lines_holds_up_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
