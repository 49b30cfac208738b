/* The store when something dies, hangs, or goes missing: the ring goes on, and the file follows. */
#include "tests/unit/stored.h"

#include <sys/file.h>

enum { SIZE = 100000, CAPACITY = 10000 };

static pid_t wait_for_scribe(struct stored *stored, pid_t other_than)
{
    pid_t scribe = 0;

    STORED_WAIT(stored, (scribe = stored_scribe()) > 0 && scribe != other_than);
    return scribe;
}

static void test_scribe_killed(void **state)
{
    struct stored stored;
    uint64_t end = 1;

    (void)state;
    stored_open(&stored, CAPACITY, SIZE);
    for (unsigned n = 0; n < 2; n++) {
        stored_take(&stored, end, end + 50);
        kill(wait_for_scribe(&stored, 0), SIGKILL); /* most likely in the middle of a write */
        stored_take(&stored, end + 50, end + 100);
        end += 100;
        STORED_WAIT(&stored, stored_in_state(&stored, "failing"));
        assert_non_null(store_status(stored.store).error);
        STORED_WAIT(&stored, stored_written(&stored));
        assert_null(store_status(stored.store).error);
    }
    stored_check(&stored, 1, end);
    stored_end(&stored);
    assert_false(exists("ring.aside.1"));
    stored_open(&stored, CAPACITY, SIZE);
    stored_check(&stored, 1, end);
    stored_end(&stored);
}

/* Without a file, or with another one in its place, the next scribe writes all anew. */
static void test_file_gone(void **state)
{
    struct stored stored;

    (void)state;
    stored_open(&stored, CAPACITY, SIZE);
    stored_take(&stored, 1, 301);
    STORED_WAIT(&stored, stored_written(&stored));
    for (unsigned foreign = 0; foreign < 2; foreign++) {
        pid_t scribe = wait_for_scribe(&stored, 0);

        take_away("ring");
        if (foreign)
            put("ring", "shopping list", 13);
        kill(scribe, SIGKILL);
        wait_for_scribe(&stored, scribe);
        STORED_WAIT(&stored, stored_written(&stored) && !exists("ring.next"));
        assert_int_equal(exists("ring.aside.1"), foreign);
    }
    check_content("ring.aside.1", "shopping list");
    stored_end(&stored);
    stored_open(&stored, CAPACITY, SIZE);
    stored_check(&stored, 1, 301);
    stored_end(&stored);
}

/* Keeps the scribe from going on before it was stopped, or killed. */
static int hold_lock(void)
{
    int held = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_int_equal(flock(held, LOCK_EX), 0);
    return held;
}

/* All that an earlier agent left is before what came since, and so it is in the file. */
static void check_late(struct stored *stored, uint64_t end)
{
    uint64_t oldest = 0;

    STORED_WAIT(stored, stored->loaded > 0);
    STORED_WAIT(stored, stored_written(stored) && !exists("ring.next"));
    assert_int_equal(stored->ready, 1);
    assert_int_equal(stored->loaded, 1);
    stored_check(stored, 1, end);
    assert_int_equal(ring_count(stored->ring), end - 1);
    assert_int_equal(stored->found.count, 1);
    assert_int_equal(stored->found.ranges[0].from, ring_first(stored->ring) + 100);
    stored_take(stored, end, end + 10);
    STORED_WAIT(stored, stored_written(stored));
    stored_stop(stored);

    stored_open(stored, CAPACITY, SIZE);
    assert_int_equal(history_read(stored->ring, stored->table, &oldest), end + 9);
    stored_end(stored);
}

static void leave_300(void)
{
    struct stored stored;

    stored_open(&stored, CAPACITY, SIZE);
    owed_add(&stored.owed, 101, UINT64_MAX);
    stored_take(&stored, 1, 301);
    STORED_WAIT(&stored, stored_written(&stored));
    stored_stop(&stored);
}

/* The disk hangs at the start: the ring begins without, and takes the file in when it comes. */
static void test_late(void **state)
{
    struct stored stored;

    (void)state;
    leave_300();
    int held = hold_lock();
    stored_start(&stored, CAPACITY, SIZE);
    assert_true(stored_in_state(&stored, "loading"));
    pid_t scribe = wait_for_scribe(&stored, 0);
    kill(scribe, SIGSTOP);
    close(held);
    STORED_WAIT(&stored, stored.ready > 0);
    assert_int_equal(stored.loaded, 0);
    assert_non_null(store_status(stored.store).error);
    stored_take(&stored, 301, 311);
    kill(scribe, SIGCONT);
    check_late(&stored, 311);
}

static void kill_any(void)
{
    pid_t scribe = stored_scribe();

    if (scribe > 0)
        kill(scribe, SIGKILL);
}

/* Scribes that die at the start, whatever of, do not keep the agent from beginning. */
static void test_dead_at_start(void **state)
{
    struct stored stored;

    (void)state;
    leave_300();
    int held = hold_lock();
    stored_start(&stored, CAPACITY, SIZE);
    STORED_WAIT(&stored, (kill_any(), stored.ready > 0));
    close(held);
    stored_take(&stored, 301, 311);
    check_late(&stored, 311);
}

/* The disk hangs later: the ring goes on, and the file follows when it can. */
static void test_stalled(void **state)
{
    struct stored stored;

    (void)state;
    stored_open(&stored, CAPACITY, SIZE);
    stored_take(&stored, 1, 11);
    STORED_WAIT(&stored, stored_written(&stored));
    pid_t scribe = wait_for_scribe(&stored, 0);
    kill(scribe, SIGSTOP);
    stored_take(&stored, 11, 21);
    STORED_WAIT(&stored, stored_in_state(&stored, "stalled"));
    assert_int_equal(store_status(stored.store).behind, 10);
    stored_take(&stored, 21, 31);
    assert_int_equal(store_status(stored.store).behind, 20);
    stored_check(&stored, 1, 31);
    kill(scribe, SIGCONT);
    STORED_WAIT(&stored, stored_written(&stored));
    assert_int_equal(stored_scribe(), scribe);
    stored_end(&stored);
    stored_open(&stored, CAPACITY, SIZE);
    stored_check(&stored, 1, 31);
    stored_end(&stored);
}

/* The change to a new file breaks off before that has all: the next start has both. */
static void test_broken_change(void **state)
{
    struct stored stored;

    (void)state;
    stored_open(&stored, CAPACITY, SIZE);
    stored_take(&stored, 1, 901);
    STORED_WAIT(&stored, stored_written(&stored));
    stored_end(&stored);
    for (unsigned n = 0; n < 3; n++) {
        stored_start(&stored, CAPACITY, SIZE + 1000);
        pid_t scribe = wait_for_scribe(&stored, 0);
        STORED_WAIT(&stored, exists("ring.next"));
        kill(scribe, SIGKILL);
        stored_end(&stored);
    }
    stored_open(&stored, CAPACITY, SIZE + 1000);
    stored_check(&stored, 1, 901);
    stored_take(&stored, 901, 902);
    STORED_WAIT(&stored, stored_written(&stored) && !exists("ring.next"));
    stored_end(&stored);
    stored_open(&stored, CAPACITY, SIZE + 1000);
    stored_check(&stored, 1, 902);
    assert_false(exists("ring.aside.1"));
    stored_end(&stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_scribe_killed), TEST(test_file_gone), TEST(test_late),
        TEST(test_dead_at_start), TEST(test_stalled),   TEST(test_broken_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
