/* The store: what an agent leaves in its file, and what the next one finds. */
#include "tests/unit/stored.h"

enum { SIZE = 100000, CAPACITY = 10000 };

static void test_restart(void **state)
{
    struct stored stored;
    uint64_t end = 1;

    (void)state;
    for (unsigned restarts = 0; restarts < 5; restarts++) {
        stored_open(&stored, CAPACITY, SIZE);
        stored_check(&stored, 1, end == 1 ? 0 : end);
        assert_int_equal(ring_end(stored.ring), end);
        stored_take(&stored, end, end + 100);
        end += 100;
        STORED_WAIT(&stored, stored_written(&stored));
        if (restarts % 2)
            stored_stop(&stored);
        else
            stored_end(&stored); /* as if it were killed */
    }
    assert_false(exists("ring.next") || exists("ring.aside.1"));
}

/* The positions of the end are there, also where no snapshot came after them. */
static void test_last_positions(void **state)
{
    static const struct owed none = {.ranges = {{51, UINT64_MAX}}, .count = 1};
    struct stored stored;

    (void)state;
    stored_open(&stored, CAPACITY, SIZE);
    assert_int_equal(stored.found.count, 0);
    owed_add(&stored.owed, 1, UINT64_MAX);
    stored_take(&stored, 1, 51);
    STORED_WAIT(&stored, stored_written(&stored));
    stored.owed = none;
    stored_stop(&stored);

    stored_open(&stored, CAPACITY, SIZE);
    assert_int_equal(stored.found.count, 1);
    assert_true(stored.found.ranges[0].from == 51 && stored.found.ranges[0].end == UINT64_MAX);
    stored_stop(&stored);
}

static void test_other_size(void **state)
{
    static const uint64_t sizes[] = {STORE_SIZE_LEAST, 200000, STORE_SIZE_LEAST, 90000};
    struct stored stored;
    uint64_t end = 1;
    uint64_t kept = 1;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        stored_open(&stored, CAPACITY, sizes[i]);
        assert_int_equal(store_status(stored.store).size_bytes, sizes[i]);
        if (end > 1)
            stored_check(&stored, end - 300, end);
        stored_take(&stored, end, end + 900);
        end += 900;
        STORED_WAIT(&stored, stored_written(&stored));
        kept = ring_first(stored.ring);
        stored_end(&stored);

        struct stat stat;
        assert_int_equal(lstat(path_of("ring"), &stat), 0);
        assert_true((uint64_t)stat.st_size <= sizes[i]);
        assert_false(exists("ring.next") || exists("ring.aside.1"));
        stored_open(&stored, CAPACITY, sizes[i]);
        stored_check(&stored, kept, end);
        stored_end(&stored);
    }
}

static void test_other_history(void **state)
{
    struct stored stored;

    (void)state;
    stored_open(&stored, CAPACITY, SIZE);
    stored_take(&stored, 1, 301);
    STORED_WAIT(&stored, stored_written(&stored));
    stored_end(&stored);
    stored_open(&stored, 50, SIZE);
    assert_int_equal(ring_count(stored.ring), 50);
    stored_check(&stored, 251, 301);
    stored_take(&stored, 301, 401);
    STORED_WAIT(&stored, stored_written(&stored));
    stored_end(&stored);
    stored_open(&stored, CAPACITY, SIZE);
    stored_check(&stored, 351, 401);
    stored_end(&stored);
}

/* Another agent has it: this one is told who, and is not ready. */
static void test_refused(void **state)
{
    struct stored first;
    struct stored second;

    (void)state;
    stored_open(&first, CAPACITY, SIZE);
    pid_t scribe = stored_scribe();
    stored_start(&second, CAPACITY, SIZE);
    STORED_WAIT(&second, second.refused > 0);
    if (second.holder != 0) /* not every file system's locks show in /proc/locks */
        assert_int_equal(second.holder, getpid());
    assert_int_equal(second.ready, 0);
    assert_int_equal(stored_scribe(), scribe);
    store_free(second.store);
    second.store = NULL;
    stored_take(&first, 1, 11);
    STORED_WAIT(&first, stored_written(&first));
    stored_end(&first);
    stored_end(&second);
    assert_int_equal(exists("ring.next"), 0);
}

static void put_directory(void)
{
    assert_int_equal(mkdir(path_of("ring"), 0700), 0);
}

static void put_fifo(void)
{
    assert_int_equal(mkfifo(path_of("ring"), 0600), 0);
}

static void put_link(void)
{
    put("other", "precious", 8);
    assert_int_equal(symlink("other", path_of("ring")), 0);
}

static void put_text(void)
{
    put("ring", "shopping list", 13);
}

/* What is none of ours is set aside as it is, the log says so, and a new file begins. */
static void test_foreign(void **state)
{
    static void (*const put_one[])(void) = {put_directory, put_fifo, put_link, put_text};
    static const mode_t kinds[] = {S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct stored stored;
        struct stat stat;
        char said[4096];

        put_one[i]();
        hear_log();
        stored_open(&stored, CAPACITY, SIZE);
        stored_take(&stored, 1, 11);
        STORED_WAIT(&stored, stored_written(&stored));
        heard_log(said);
        assert_non_null(strstr(said, "ring.aside.1"));
        stored_end(&stored);
        assert_int_equal(lstat(path_of("ring.aside.1"), &stat), 0);
        assert_int_equal(stat.st_mode & S_IFMT, kinds[i]);
        if (S_ISREG(kinds[i]))
            check_content("ring.aside.1", "shopping list");
        if (S_ISLNK(kinds[i]))
            check_content("other", "precious");
        stored_open(&stored, CAPACITY, SIZE);
        stored_check(&stored, 1, 11);
        stored_end(&stored);
        take_away("ring");
        take_away("ring.aside.1");
    }
}

/* What is sound goes on in a new file, and the damaged one is kept under another name. */
static void test_damaged(void **state)
{
    struct stored stored;
    char said[4096];
    int file = -1;

    (void)state;
    stored_open(&stored, CAPACITY, SIZE);
    stored_take(&stored, 1, 901);
    STORED_WAIT(&stored, stored_written(&stored));
    stored_stop(&stored);

    file = open(path_of("ring"), O_RDWR);
    assert_int_equal(pwrite(file, "X", 1, 20480), 1);
    close(file);
    hear_log();
    stored_open(&stored, CAPACITY, SIZE);
    uint64_t first = ring_first(stored.ring);
    assert_in_range(first, 2, 600);
    stored_check(&stored, first, 901);
    stored_take(&stored, 901, 911);
    STORED_WAIT(&stored, stored_written(&stored));
    heard_log(said);
    assert_non_null(strstr(said, "damaged"));
    assert_true(exists("ring.aside.1"));
    assert_false(exists("ring.next"));
    stored_stop(&stored);

    hear_log();
    stored_open(&stored, CAPACITY, SIZE);
    stored_check(&stored, first, 911);
    stored_stop(&stored);
    heard_log(said);
    assert_string_equal(said, "");
    assert_false(exists("ring.aside.2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_restart),       TEST(test_last_positions), TEST(test_other_size),
        TEST(test_other_history), TEST(test_refused),        TEST(test_foreign),
        TEST(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
