/* The keeper's file: whole from its first moment, the newest state always in it, torn or not. */
#include "tests/unit/keepers.h"

static struct kept kept;

static void the_first_time(void **state)
{
    struct stat stat;

    (void)state;
    mode_t before = umask(022);
    assert_int_equal(kept_open(&kept), 0);
    umask(before);
    assert_true(kept.heard.made);
    assert_null(kept.heard.aside);
    assert_int_equal(kept_decode(&kept), 1);
    assert_false(kept.torn);
    assert_int_equal(lstat(path_of("parachute"), &stat), 0);
    assert_int_equal(stat.st_mode, S_IFREG | 0600);
    assert_int_equal(stat.st_size, RECORD_BYTES);
    assert_true((size_t)stat.st_blocks * 512 >= RECORD_BYTES); /* no hole: the room is taken */

    assert_int_equal(kept_fetch(&kept), 0); /* said once */
    assert_false(kept.heard.made);
    assert_int_equal(kept_store(&kept, 5), 0);
    assert_null(kept.heard.file);
    assert_int_equal(kept_fetch(&kept), 0);
    assert_int_equal(kept_decode(&kept), 0);
    records_check_seed(&kept.record, 5);
    kept_close(&kept);
    check_remembered(5, false);
}

/* Only its last part. */
static void the_directory_is_made(void **state)
{
    char path[160];
    char deeper[200];
    size_t len = 0;

    (void)state;
    snprintf(path, sizeof path, "%s", path_of("other"));
    snprintf(deeper, sizeof deeper, "%s/and/more", path);
    kept.keeper = (struct keeper){.dir = path};
    assert_int_equal(keeper_open(&kept.keeper, kept.answer, &len), 0);
    kept_close(&kept);
    unlink(path_of("other/parachute"));
    kept.keeper = (struct keeper){.dir = deeper};
    assert_int_equal(keeper_open(&kept.keeper, kept.answer, &len), ENOENT);
}

/* Many states, by several keepers; and a newer one is never written over while it is alone. */
static void the_newest_is_found_again(void **state)
{
    uint64_t turn = 0;

    (void)state;
    for (unsigned seed = 1; seed < 20; seed++) {
        if (seed % 4 == 1) {
            kept_close(&kept);
            assert_int_equal(kept_open(&kept), 0);
        }
        assert_int_equal(kept_store(&kept, seed), 0);
        assert_int_equal(kept_fetch(&kept), 0);
        assert_int_equal(kept_decode(&kept), 0);
        records_check_seed(&kept.record, seed);
        assert_int_equal(kept.record.turn, turn + 1);
        turn = kept.record.turn;
        assert_int_equal(kept.record.place, (seed - 1) % 2);
    }
    kept_close(&kept);
    check_remembered(19, false);
}

/* What the agent says of the turn, which may know less, does not count. */
static void the_last_stored_counts(void **state)
{
    static uint8_t far[RECORD_BYTES];

    (void)state;
    records_put_seed(far, 1, 8, 1000000);
    put("parachute", far, sizeof far);
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 3), 0);
    kept_close(&kept);
    check_remembered(3, false);
}

/* The write of either slot, torn after each of its bytes. */
static void a_torn_write_leaves_the_one_before(void **state)
{
    static uint8_t after[RECORD_BYTES];

    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++) {
        assert_int_equal(kept_open(&kept), 0);
        static uint8_t before[RECORD_BYTES];
        memcpy(before, kept.heard.file, sizeof before);
        assert_int_equal(kept_store(&kept, seed), 0);
        assert_int_equal(kept_fetch(&kept), 0);
        memcpy(after, kept.heard.file, sizeof after);
        assert_int_equal(kept_decode(&kept), 0);
        size_t at = kept.record.place * RECORD_SLOT;
        kept_close(&kept);

        bool whole = false;
        for (size_t len = 1; !whole; len++) {
            scribble(at, before + at, RECORD_SLOT);
            scribble(at, after + at, len);
            whole = memcmp(after + at + len, before + at + len, RECORD_SLOT - len) == 0;
            assert_int_equal(kept_open(&kept), 0);
            assert_null(kept.heard.aside);
            assert_int_equal(kept_decode(&kept), seed == 1 && !whole ? 1 : 0);
            assert_true(whole || kept.torn || kept.record.turn == seed - 1);
            if (whole || seed > 1)
                records_check_seed(&kept.record, whole ? seed : seed - 1);
            kept_close(&kept);
        }
    }
}

/* After a torn write it is the torn slot that is written, not the good one. */
static void a_torn_slot_is_healed(void **state)
{
    (void)state;
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 1), 0);
    assert_int_equal(kept_store(&kept, 2), 0); /* in the second slot */
    kept_close(&kept);
    scribble(RECORD_SLOT + 60, "torn", 4);
    check_remembered(1, true);
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 3), 0);
    kept_close(&kept);
    check_remembered(3, false);
    scribble(RECORD_SLOT + 60, "torn", 4);
    check_remembered(1, true);
}

/* The same keeper tries again, and not in the place of the last that is safe. */
static void a_failed_write_takes_the_same_place(void **state)
{
    (void)state;
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 1), 0);
    int file = kept.keeper.file.fd;
    int saved = fcntl(file, F_DUPFD_CLOEXEC, 100);
    int crippled = open(path_of("parachute"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(dup3(crippled, file, O_CLOEXEC), file);
    assert_int_equal(kept_store(&kept, 2), EBADF);
    assert_int_equal(kept_store(&kept, 3), EBADF);
    assert_int_equal(dup3(saved, file, O_CLOEXEC), file);
    close(saved);
    close(crippled);
    scribble(RECORD_SLOT, "torn", 4);
    assert_int_equal(kept_store(&kept, 4), 0);
    kept_close(&kept);
    check_remembered(4, false);
    scribble(RECORD_SLOT, "torn", 4);
    check_remembered(1, true);
}

static void odd_jobs_are_refused(void **state)
{
    static uint8_t job[1 + RECORD_SLOT + 1] = "S";
    static const struct {
        const void *job;
        size_t len;
    } rows[] = {{"", 0},
                {"S", 1},
                {"FF", 2},
                {"X", 1},
                {"Sx", 2},
                {job, sizeof job},
                {job, sizeof job - 1}};

    (void)state;
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 1), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = 9;

        assert_int_equal(keeper_do(&kept.keeper, rows[i].job, rows[i].len, kept.answer, &len),
                         EINVAL);
        assert_true(len == 0 || keeper_hear(kept.answer, len, &kept.heard) == 0);
    }
    kept_close(&kept);
    check_remembered(1, false);
    memset(kept.answer, 0xff, sizeof kept.answer);
    for (size_t len = 0; len <= sizeof kept.answer; len++)
        assert_int_equal(keeper_hear(kept.answer, len, &kept.heard), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_time),
        TEST(the_directory_is_made),
        TEST(the_newest_is_found_again),
        TEST(the_last_stored_counts),
        TEST(a_torn_write_leaves_the_one_before),
        TEST(a_torn_slot_is_healed),
        TEST(a_failed_write_takes_the_same_place),
        TEST(odd_jobs_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
