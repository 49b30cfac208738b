/* How an attempt ended, as its supervisor writes it into the keeper's file. */
#include "base/clock.h"
#include "tests/unit/keepers.h"

#include <poll.h>
#include <sys/wait.h>

static struct kept kept;

static void check_end(int status)
{
    struct record_end read = {0};

    assert_int_equal(kept_fetch(&kept), 0);
    assert_int_equal(record_decode_end(kept.heard.file + RECORD_END_AT, RECORD_END_SLOT, &read), 0);
    assert_int_equal(read.status, status);
}

/* The end has a place of its own, and is written without the lock. */
static void the_end_is_written(void **state)
{
    const struct record_end end = {.number = 7, .attempt = 2, .status = 1, .ended_s = 99};
    struct record_end read = {0};

    (void)state;
    assert_int_equal(keeper_write_end(directory, &end), ENOENT);
    assert_int_equal(kind_of("parachute"), 0);
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 1), 0);
    assert_int_equal(kept_store(&kept, 2), 0);
    assert_int_equal(keeper_write_end(directory, &end), 0);
    assert_int_equal(kept_store(&kept, 3), 0);
    assert_int_equal(kept_fetch(&kept), 0);
    assert_int_equal(record_decode_end(kept.heard.file + RECORD_END_AT, RECORD_END_SLOT, &read), 0);
    assert_int_equal(read.number, 7);
    assert_int_equal(read.attempt, 2);
    kept_close(&kept);
    check_remembered(3, false);
}

/* A supervisor that was held up does not take away what a later one wrote. */
static void a_late_end_is_not_written_over_a_later_one(void **state)
{
    static const struct {
        uint64_t number;
        unsigned attempt;
        bool written;
    } rows[] = {{7, 2, true}, {7, 1, false}, {6, 3, false},         {7, 2, true},   {7, 3, true},
                {8, 1, true}, {7, 4, false}, {1ULL << 40, 1, true}, {257, 9, false}};
    int status = 0;
    int kept_status = 0;

    (void)state;
    assert_int_equal(kept_open(&kept), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct record_end end = {
            .number = rows[i].number, .attempt = rows[i].attempt, .status = ++status};

        assert_int_equal(keeper_write_end(directory, &end), 0);
        kept_status = rows[i].written ? status : kept_status;
        check_end(kept_status);
    }
    scribble(RECORD_END_AT + 30, "spoilt", 6); /* what means nothing keeps nobody off */
    const struct record_end first = {.number = 1, .attempt = 1, .status = 99};
    assert_int_equal(keeper_write_end(directory, &first), 0);
    check_end(99);
    kept_close(&kept);
}

/* It looks once the one that is at it is done. */
static void ends_are_written_one_at_a_time(void **state)
{
    struct record_end end = {.number = 1, .attempt = 1, .status = 1};
    uint8_t slot[RECORD_END_SLOT];
    struct flock lock = {
        .l_type = F_WRLCK, .l_start = (off_t)RECORD_END_AT, .l_len = (off_t)RECORD_END_SLOT};
    int status = 0;

    (void)state;
    assert_int_equal(kept_open(&kept), 0);
    int file = open(path_of("parachute"), O_RDWR | O_CLOEXEC);
    assert_int_equal(fcntl(file, F_OFD_SETLK, &lock), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(file);
        _exit(keeper_write_end(directory, &end));
    }
    poll(NULL, 0, 300); /* its time to do wrong */
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    end = (struct record_end){.number = 1, .attempt = 2, .status = 2};
    record_encode_end(&end, slot);
    assert_int_equal(pwrite(file, slot, sizeof slot, (off_t)RECORD_END_AT), sizeof slot);
    close(file);
    int64_t begin_ns = clock_mono_ns();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(clock_mono_ns() - begin_ns < 5 * CLOCK_NS_PER_S);
    assert_int_equal(status, 0);
    check_end(2);
    kept_close(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_end_is_written),
        TEST(a_late_end_is_not_written_over_a_later_one),
        TEST(ends_are_written_one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
