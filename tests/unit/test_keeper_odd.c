/* The keeper where things are not as they should be: foreign files, and what comes and goes under
 * it. */
#include "tests/unit/keepers.h"

static struct kept kept;

static void put_directory(void)
{
    assert_int_equal(mkdir(path_of("parachute"), 0700), 0);
}

static void put_fifo(void)
{
    assert_int_equal(mkfifo(path_of("parachute"), 0600), 0);
}

static void put_link(void)
{
    static uint8_t good[RECORD_BYTES];

    records_put_seed(good, 0, 6, 1);
    put("other", good, sizeof good);
    assert_int_equal(symlink("other", path_of("parachute")), 0);
}

static void put_second_name(void)
{
    char other[160];

    put_link();
    unlink(path_of("parachute"));
    snprintf(other, sizeof other, "%s", path_of("other"));
    assert_int_equal(link(other, path_of("parachute")), 0);
}

static void put_text(void)
{
    put("parachute", "shopping list", 13);
}

static void put_noise(void)
{
    static uint8_t noise[RECORD_BYTES];

    memset(noise, 'x', sizeof noise);
    put("parachute", noise, sizeof noise);
}

static void put_damaged(void)
{
    static uint8_t good[RECORD_BYTES];

    records_put_seed(good, 0, 6, 1);
    records_put_seed(good, 1, 7, 2);
    good[100] ^= 1;
    good[RECORD_SLOT + 100] ^= 1;
    put("parachute", good, sizeof good);
}

static const struct {
    void (*put)(void);
    mode_t kind;
    const char *why;
} foreign[] = {
    {put_directory, S_IFDIR, "it is no regular file"},
    {put_fifo, S_IFIFO, "it is no regular file"},
    {put_link, S_IFLNK, "it is no regular file"},
    {put_second_name, S_IFREG, "it has another name too"},
    {put_text, S_IFREG, "its size is wrong"},
    {put_noise, S_IFREG, "it is none of ours"},
    {put_damaged, S_IFREG, "it is damaged"},
};
#define FOREIGN (sizeof foreign / sizeof *foreign)

static void check_aside(size_t row)
{
    assert_true(kept.heard.made);
    assert_non_null(kept.heard.aside);
    assert_string_equal(kept.heard.aside, foreign[row].why);
    assert_int_equal(kind_of("parachute.aside"), foreign[row].kind);
    assert_int_equal(kind_of("parachute"), S_IFREG);
}

/* Set aside as it is, over one that was set aside before. */
static void what_is_none_of_ours_is_set_aside(void **state)
{
    (void)state;
    for (size_t i = 0; i < FOREIGN * FOREIGN; i++) { /* each over each */
        size_t rows[] = {i / FOREIGN, i % FOREIGN};

        for (unsigned k = 0; k < 2; k++) {
            foreign[rows[k]].put();
            assert_int_equal(kept_open(&kept), 0);
            check_aside(rows[k]);
            assert_int_equal(kept_decode(&kept), 1);
            kept_close(&kept);
            take_away("parachute");
            take_away("other");
        }
    }
}

/* The same while it is held: noticed at the next store, which goes into the new one. */
static void what_comes_in_its_place_is_set_aside(void **state)
{
    (void)state;
    for (size_t i = 0; i < FOREIGN; i++) {
        assert_int_equal(kept_open(&kept), 0);
        assert_int_equal(kept_store(&kept, 1), 0);
        take_away("parachute");
        foreign[i].put();
        assert_int_equal(kept_store(&kept, 2), 0);
        check_aside(i);
        assert_null(kept.heard.file);
        assert_int_equal(kept_fetch(&kept), 0); /* said once */
        assert_null(kept.heard.aside);
        kept_close(&kept);
        check_remembered(2, false);
        take_away("parachute");
        take_away("other");
    }
}

static void check_still_blank(const char *name)
{
    char byte = 'x';
    FILE *file = fopen(path_of(name), "re");

    assert_non_null(file);
    while (fread(&byte, 1, 1, file) == 1)
        assert_int_equal(byte, 0);
    fclose(file);
}

static void one_that_vanished_is_made_anew(void **state)
{
    char away[160];

    (void)state;
    assert_int_equal(kept_open(&kept), 0);
    snprintf(away, sizeof away, "%s", path_of("other"));
    assert_int_equal(rename(path_of("parachute"), away), 0);
    assert_int_equal(kept_store(&kept, 1), 0);
    assert_true(kept.heard.made);
    check_still_blank("other");
    take_away("parachute");
    assert_int_equal(kept_store(&kept, 2), 0);
    assert_true(kept.heard.made);
    assert_null(kept.heard.aside);
    assert_int_equal(kept_fetch(&kept), 0);
    assert_int_equal(kept_decode(&kept), 0);
    records_check_seed(&kept.record, 2);
    assert_int_equal(truncate(path_of("parachute"), RECORD_BYTES - 1), 0);
    assert_int_equal(kept_store(&kept, 3), 0);
    assert_string_equal(kept.heard.aside, "its size is wrong");
    kept_close(&kept);
    check_remembered(3, false);
}

/* What is left of a creation that was torn, and what others put there. */
static void a_torn_creation_leaves_none(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        if (i == 0)
            put("parachute.next", "half", 4);
        if (i == 1)
            assert_int_equal(mkdir(path_of("parachute.next"), 0700), 0);
        if (i == 2)
            assert_int_equal(mkfifo(path_of("parachute.next"), 0600), 0);
        if (i == 3)
            assert_int_equal(symlink("other", path_of("parachute.next")), 0);
        if (i == 4)
            assert_int_equal(symlink("/dev/null", path_of("parachute.next")), 0);
        assert_int_equal(kept_open(&kept), 0);
        assert_int_equal(kept_store(&kept, i), 0);
        kept_close(&kept);
        assert_int_equal(kind_of("parachute.next"), 0);
        assert_int_equal(kind_of("other"), 0);
        check_remembered(i, false);
        take_away("parachute");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_none_of_ours_is_set_aside),
        TEST(what_comes_in_its_place_is_set_aside),
        TEST(one_that_vanished_is_made_anew),
        TEST(a_torn_creation_leaves_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
