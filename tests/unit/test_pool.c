/* What a pool watches beside its helpers. */
#include "collector/pool.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool is_ready(const struct pool *pool)
{
    struct pollfd ready = {.fd = pool_fd(pool), .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

static void expect_told(struct pool *pool)
{
    assert_true(is_ready(pool));
    pool_dispatch(pool);
    assert_true(pool_told(pool));
}

/* Told once, however often it happens, until somebody wants to know again. */
static void test_once(void **state)
{
    struct pool *pool = pool_new();
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    eventfd_t count = 0;

    (void)state;
    assert_non_null(pool);
    assert_int_equal(pool_watch(pool, event), 0);
    assert_false(is_ready(pool));
    assert_int_equal(eventfd_write(event, 1), 0);
    expect_told(pool);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eventfd_write(event, 1), 0);
        assert_false(is_ready(pool));
        assert_true(pool_told(pool));
    }
    assert_int_equal(pool_watch(pool, event), 0); /* it still is readable */
    assert_false(pool_told(pool));
    expect_told(pool);

    assert_int_equal(eventfd_read(event, &count), 0);
    assert_int_equal(pool_watch(pool, event), 0);
    assert_false(is_ready(pool));
    assert_int_equal(eventfd_write(event, 1), 0);
    expect_told(pool);
    close(event);
    pool_free(pool);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
