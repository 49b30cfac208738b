/* The bookkeeping of a push: what is lost, and what a restart owes again. */
#include "tests/unit/deliver.h"

static void assert_loss(struct delivery *delivery, uint64_t snapshots, int64_t from, int64_t to)
{
    struct loss loss = delivery_take_loss(delivery);

    assert_int_equal(loss.snapshots, snapshots);
    assert_int_equal(loss.from_s, from ? BENCH_EPOCH_S + from : 0);
    assert_int_equal(loss.to_s, to ? BENCH_EPOCH_S + to : 0);
}

static void what_the_ring_overwrites_is_lost_unless_it_is_under_way(void **state)
{
    struct bench bench;
    size_t len = 0;

    (void)state;
    bench_open(&bench, 4, 3);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    append(&bench, delivery, 1);
    assert_next(&bench, delivery, 1, 0);
    delivery_sent(delivery, 7);
    append(&bench, delivery, 6); /* 4..7 are left; 2 and 3 are lost; 1 is in hand */
    assert_counts(delivery, 4, 1, 0, 2);
    assert_loss(delivery, 2, 2, 3);
    assert_loss(delivery, 0, 0, 0);

    delivery_peek(delivery, now_ns, &len);
    delivery_sent(delivery, len);
    send_next(&bench, delivery, 7);
    send_next(&bench, delivery, 4);
    append(&bench, delivery, 2);
    assert_counts(delivery, 3, 3, 0, 3); /* 5 */
    delivery_broke(delivery, now_ns);    /* 1 and 4 are owed again, and not in the ring any more */
    assert_counts(delivery, 4, 0, 0, 5);
    assert_loss(delivery, 3, 1, 5);
    send_next(&bench, delivery, 9);
    send_next(&bench, delivery, 6);
    end(&bench, delivery);
}

/* Also where it was never told of one before it was overwritten. */
static void all_that_a_small_ring_drops_is_counted(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 1, 1);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    append(&bench, delivery, 100);
    assert_counts(delivery, 1, 0, 0, 99);
    assert_loss(delivery, 99, 1, 99);
    send_next(&bench, delivery, 100);
    delivery_acked(delivery, 0, now_ns);
    append(&bench, delivery, 1);
    send_next(&bench, delivery, 101);
    assert_loss(delivery, 0, 0, 0);
    end(&bench, delivery);
}

/* The ring ends before what is owed begins, and nobody said so. */
static void what_is_missing_in_the_ring_is_lost(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, 4, 3);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    bench.evict = NULL;
    append(&bench, delivery, 9);
    send_next(&bench, delivery, 9);
    send_next(&bench, delivery, 6);
    assert_counts(delivery, 2, 2, 0, 5);
    assert_loss(delivery, 5, 0, 0);
    end(&bench, delivery);
}

static bool in(const struct owed *owed, uint64_t number)
{
    uint64_t newest = 0;

    return owed_newest(owed, number + 1, &newest) && newest == number;
}

/* A restart owes again what was owed, under way or settling, and nothing that was delivered. */
static void a_position_is_all_that_is_not_delivered(void **state)
{
    struct bench bench;
    struct owed position;
    const struct delivery_options options = {.settle_ms = 60000};

    (void)state;
    bench_open(&bench, 60, 500);
    struct delivery *delivery = deliver(&bench, &options);
    for (uint64_t number = 1; number <= 40; number++) {
        append(&bench, delivery, 1);
        send_next(&bench, delivery, number);
        delivery_acked(delivery, 0, now_ns);
    }
    now_ns += CLOCK_NS_PER_S * 60;
    for (uint64_t number = 41; number <= 90; number++) { /* and 1..40 settle */
        append(&bench, delivery, 1);
        send_next(&bench, delivery, number);
        delivery_acked(delivery, 0, now_ns);
    }
    append(&bench, delivery, 2);
    send_next(&bench, delivery, 92);
    delivery_position(delivery, &position);
    assert_int_equal(position.count, 1); /* 91 owed, 92 under way, 41.. settling, all to come */
    assert_true(in(&position, 41) && !in(&position, 40));
    assert_true(in(&position, 92) && in(&position, 93) && in(&position, UINT64_MAX - 1));
    assert_counts(delivery, 1, 1, 90, 0);
    delivery_free(delivery);

    delivery = deliver(&bench, &(struct delivery_options){.position = &position, .lost = 7});
    assert_counts(delivery, 52, 0, 0, 7);
    append(&bench, delivery, 1);
    send_next(&bench, delivery, 93);
    send_next(&bench, delivery, 41);
    assert_loss(delivery, 0, 0, 0);
    end(&bench, delivery);
}

/* Kept some time ago: what came since is owed, what the ring has overwritten since is lost. */
static void an_old_position_owes_more_not_less(void **state)
{
    struct bench bench;
    struct owed position;

    (void)state;
    bench_open(&bench, 10, 3);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){0});
    append(&bench, delivery, 8);
    delivery_position(delivery, &position);
    bench.evict = NULL;
    delivery_free(delivery);
    for (unsigned i = 0; i < 5; i++)
        bench_append(&bench); /* 4..13 are left */

    delivery = deliver(&bench, &(struct delivery_options){.position = &position, .lost = 100});
    assert_counts(delivery, 10, 0, 0, 103);
    assert_loss(delivery, 3, 0, 0);
    end(&bench, delivery);
}

/* Its file was read late: what it says comes on top of what is owed by then. */
static void a_position_may_come_late(void **state)
{
    struct bench bench;
    struct owed nothing = {0};
    struct owed position = {0};

    (void)state;
    bench_open(&bench, 10, 3);
    for (unsigned i = 0; i < 12; i++)
        bench_append(&bench);
    struct delivery *delivery = deliver(&bench, &(struct delivery_options){.position = &nothing});
    assert_counts(delivery, 0, 0, 0, 0);
    append(&bench, delivery, 1); /* 4..13 */
    send_next(&bench, delivery, 13);
    owed_add(&position, 2, 7);
    owed_add(&position, 12, UINT64_MAX);
    delivery_owe(delivery, &position, 1);
    assert_counts(delivery, 5, 1, 0, 3); /* 4..6, 12, and 13 goes twice */
    assert_loss(delivery, 2, 0, 0);
    append(&bench, delivery, 1);
    send_next(&bench, delivery, 14);
    send_next(&bench, delivery, 5);
    end(&bench, delivery);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_ring_overwrites_is_lost_unless_it_is_under_way),
        cmocka_unit_test(all_that_a_small_ring_drops_is_counted),
        cmocka_unit_test(what_is_missing_in_the_ring_is_lost),
        cmocka_unit_test(a_position_is_all_that_is_not_delivered),
        cmocka_unit_test(an_old_position_owes_more_not_less),
        cmocka_unit_test(a_position_may_come_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
