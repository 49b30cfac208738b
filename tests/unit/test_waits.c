/* Descriptors and times behind one descriptor: who is called, when, and who is not any more. */
#include "parachute/waits.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WAITERS = 4 };

struct waiter {
    struct wait wait;
    int fd;
    char name;
    unsigned victims; /* a set of those that are ended, and wiped, when this one is called */
    int64_t again_ns; /* what it sets its time to when it is due */
};

static struct waits *waits;
static struct waiter waiters[WAITERS];
static char called[1024];

static void call(struct waiter *waiter, char name)
{
    size_t len = strlen(called);

    assert_true(len + 1 < sizeof called);
    called[len] = name;
    called[len + 1] = '\0';
    for (int i = 0; i < WAITERS; i++) {
        if (waiter->victims & 1U << i) {
            wait_end(&waiters[i].wait);
            memset(&waiters[i].wait, 0xee, sizeof waiters[i].wait);
        }
    }
    waiter->victims = 0;
}

/* A small letter: ready. A capital one: due. */
static void on_ready(void *arg)
{
    call(arg, ((struct waiter *)arg)->name);
}

static void on_due(void *arg)
{
    struct waiter *waiter = arg;

    if (waiter->again_ns != 0)
        wait_until(waits, &waiter->wait, waiter->again_ns);
    call(waiter, (char)(waiter->name - 'a' + 'A'));
}

static int setup(void **state)
{
    (void)state;
    waits = waits_new();
    for (int i = 0; i < WAITERS; i++) {
        struct waiter *waiter = &waiters[i];

        *waiter = (struct waiter){.wait = {on_ready, on_due, waiter, NULL, 0, false, 0, NULL, NULL},
                                  .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                  .name = (char)('a' + i)};
    }
    called[0] = '\0';
    return waits ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    waits_free(waits);
    for (int i = 0; i < WAITERS; i++)
        close(waiters[i].fd);
    return 0;
}

static bool readable_in(int timeout_ms)
{
    struct pollfd fd = {.fd = waits_fd(waits), .events = POLLIN};

    return poll(&fd, 1, timeout_ms) == 1;
}

/* What one dispatch calls. */
static const char *dispatch(void)
{
    called[0] = '\0';
    waits_dispatch(waits);
    return called;
}

static void make_ready(int i)
{
    assert_int_equal(eventfd_write(waiters[i].fd, 1), 0);
}

static void take(int i)
{
    assert_int_equal(eventfd_read(waiters[i].fd, &(eventfd_t){0}), 0);
}

static void watch(int i)
{
    assert_int_equal(wait_for(waits, &waiters[i].wait, waiters[i].fd), 0);
}

static void until(int i, int64_t at_ns)
{
    wait_until(waits, &waiters[i].wait, at_ns);
}

/* As long as it is readable, until it is ended. */
static void test_ready(void **state)
{
    (void)state;
    watch(0);
    assert_false(readable_in(0));
    assert_string_equal(dispatch(), "");
    make_ready(0);
    assert_true(readable_in(0));
    for (int i = 0; i < 2; i++)
        assert_int_equal(dispatch()[0], 'a');
    take(0);
    assert_false(readable_in(0));
    assert_string_equal(dispatch(), "");
    make_ready(0);
    wait_end(&waiters[0].wait);
    assert_false(readable_in(0));
    assert_string_equal(dispatch(), "");
    wait_end(&waiters[0].wait);
}

static void test_broken(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    assert_int_equal(wait_for(waits, &waiters[0].wait, pair[0]), 0);
    assert_string_equal(dispatch(), "");
    close(pair[1]);
    assert_int_equal(dispatch()[0], 'a');
    wait_end(&waiters[0].wait);
    close(pair[0]);
}

/* The one before is watched no more, also where the new one cannot be. */
static void test_another_descriptor(void **state)
{
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    (void)state;
    watch(0);
    make_ready(0);
    assert_int_equal(wait_for(waits, &waiters[0].wait, waiters[1].fd), 0);
    assert_string_equal(dispatch(), "");
    make_ready(1);
    assert_int_equal(dispatch()[0], 'a');
    assert_int_equal(wait_for(waits, &waiters[0].wait, file), -1);
    assert_int_equal(errno, EPERM);
    assert_string_equal(dispatch(), "");
    watch(0);
    assert_int_equal(dispatch()[0], 'a');
    wait_end(&waiters[0].wait);
    close(file);
}

/* In their order, each once; the descriptor says when. */
static void test_due(void **state)
{
    int64_t now_ns = clock_mono_ns();

    (void)state;
    until(0, now_ns - 1);
    until(1, now_ns + CLOCK_NS_PER_S * 3600);
    until(2, INT64_C(-5));
    until(3, now_ns - 2);
    assert_true(readable_in(0));
    assert_string_equal(dispatch(), "CDA");
    assert_false(readable_in(0));
    assert_string_equal(dispatch(), "");
    until(1, now_ns + 20 * CLOCK_NS_PER_MS);
    assert_true(readable_in(10000));
    assert_true(clock_mono_ns() >= now_ns + 20 * CLOCK_NS_PER_MS);
    assert_string_equal(dispatch(), "B");
    assert_false(readable_in(0));
}

/* A later time takes the place of an earlier one, and 0 of any. */
static void test_put_off(void **state)
{
    (void)state;
    until(0, 1);
    until(1, 1);
    until(2, 1);
    until(0, clock_mono_ns() + CLOCK_NS_PER_S * 3600);
    until(1, 0);
    assert_string_equal(dispatch(), "C");
    assert_false(readable_in(0));
    until(0, INT64_MIN);
    assert_true(readable_in(0));
    until(0, 0);
    until(0, INT64_MAX);
    assert_false(readable_in(0));
    wait_end(&waiters[0].wait);
    until(0, 1);
    wait_end(&waiters[0].wait);
    assert_false(readable_in(0));
    assert_string_equal(dispatch(), "");
}

/* What is set from within a call is due at the next dispatch, though its time is over. */
static void test_due_again(void **state)
{
    (void)state;
    until(0, 1);
    until(1, 2);
    waiters[0].again_ns = 1;
    for (int i = 0; i < 3; i++) {
        assert_true(readable_in(0));
        assert_string_equal(dispatch(), i == 0 ? "AB" : "A");
    }
    waiters[0].again_ns = 0;
    assert_string_equal(dispatch(), "A");
    assert_false(readable_in(0));
}

/* Of some that are all ready, or due, the first that is called ends the others, and perhaps itself:
 * nobody else is called. Sets of waiters. */
static const struct {
    unsigned ready, due;
} occasions[] = {{0xf, 0}, {0, 0xf}, {0xf, 0xf}, {0x5, 0xa}, {0x3, 0xf}};

static void test_ended_in_a_call(void **state)
{
    const size_t count = sizeof occasions / sizeof occasions[0];

    for (size_t n = 0; n < 2 * count; n++) {
        bool itself = n >= count;

        teardown(state);
        setup(state);
        for (int i = 0; i < WAITERS; i++) {
            waiters[i].victims = itself ? 0xfU : 0xfU & ~(1U << i);
            if (occasions[n % count].ready & 1U << i)
                watch(i);
            if (occasions[n % count].due & 1U << i)
                until(i, 1 + i);
            make_ready(i);
        }
        dispatch();
        assert_true(called[0] != '\0');
        for (size_t i = 0; called[i]; i++)
            assert_int_equal(called[i] | 0x20, called[0] | 0x20);
        if (itself)
            assert_int_equal(called[1], '\0');
        if (itself || occasions[n % count].ready == 0)
            assert_false(readable_in(0));
    }
}

/* One that is always ready, and one that is always due, keep nobody from being called, nor
 * waits_dispatch from returning. */
static void test_fair(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        watch(i);
        make_ready(i);
    }
    until(3, 1);
    waiters[3].again_ns = 1;
    for (int i = 0; i < 10; i++) {
        dispatch();
        assert_non_null(strchr(called, 'a'));
        assert_non_null(strchr(called, 'b'));
        assert_non_null(strchr(called, 'c'));
        assert_ptr_equal(strchr(called, 'D'), called + strlen(called) - 1);
    }
    for (int i = 0; i < WAITERS; i++)
        wait_end(&waiters[i].wait);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ready),   TEST(test_broken),    TEST(test_another_descriptor), TEST(test_due),
        TEST(test_put_off), TEST(test_due_again), TEST(test_ended_in_a_call),    TEST(test_fair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
