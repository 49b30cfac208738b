/* A keeper at a directory of the test's own, and what lies in it. */
#ifndef TESTS_UNIT_KEEPERS_H
#define TESTS_UNIT_KEEPERS_H

#include "parachute/keep/clerk.h"
#include "parachute/keep/keeper.h"
#include "tests/unit/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

/* A keeper, and the last that it said. */
struct kept {
    struct keeper keeper;
    uint8_t answer[CLERK_MESSAGE_MAX];
    struct keeper_heard heard;
    struct record record; /* of the file, where there is a state */
    bool torn;
};

static inline const char *path_of(const char *name)
{
    static char path[160];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static inline int keepers_setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/altimeter-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chmod(directory, 0755), 0);
    return 0;
}

/* Whatever kind of thing it is. */
static inline void take_away(const char *name)
{
    if (unlink(path_of(name)) < 0 && errno == EISDIR)
        rmdir(path_of(name));
}

/* Also looks that nothing else was left there, and no descriptor open. */
static inline int keepers_teardown(void **state)
{
    (void)state;
    take_away("parachute");
    take_away("parachute.aside");
    take_away("other");
    assert_int_equal(rmdir(directory), 0);
    int next = open("/", O_PATH | O_CLOEXEC);
    close(next);
    assert_int_equal(next, 3);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, keepers_setup, keepers_teardown)

static inline int kept_hear(struct kept *kept, int error, size_t len)
{
    assert_true(len <= sizeof kept->answer);
    assert_int_equal(keeper_hear(kept->answer, len, &kept->heard), 0);
    return error;
}

static inline int kept_open(struct kept *kept)
{
    size_t len = 0;

    *kept = (struct kept){.keeper = {.dir = directory}};
    int error = keeper_open(&kept->keeper, kept->answer, &len);
    return kept_hear(kept, error, len);
}

static inline void kept_close(struct kept *kept)
{
    recordfile_drop(&kept->keeper.file);
}

static inline int kept_fetch(struct kept *kept)
{
    size_t len = 0;
    int error = keeper_do(&kept->keeper, "F", 1, kept->answer, &len);

    return kept_hear(kept, error, len);
}

static inline int kept_store(struct kept *kept, unsigned seed)
{
    static struct record record;
    struct bytes job = {0};
    size_t len = 0;

    records_fill(&record, seed, 2);
    bytes_add(&job, "S", 1);
    assert_int_equal(record_encode(&record, &job), 0);
    int error = keeper_do(&kept->keeper, job.data, job.len, kept->answer, &len);
    bytes_clean(&job);
    return kept_hear(kept, error, len);
}

/* What record_decode gives for the last answer. */
static inline int kept_decode(struct kept *kept)
{
    const char *why = NULL;

    assert_non_null(kept->heard.file);
    return record_decode(kept->heard.file, RECORD_BYTES, &kept->record, &kept->torn, &why);
}

/* Another keeper, later, finds this state; `torn`: and a torn one beside it. */
static inline void check_remembered(unsigned seed, bool torn)
{
    static struct kept later;

    assert_int_equal(kept_open(&later), 0);
    assert_false(later.heard.made);
    assert_null(later.heard.aside);
    assert_int_equal(kept_decode(&later), 0);
    assert_int_equal(later.torn, torn);
    records_check_seed(&later.record, seed);
    kept_close(&later);
}

/* Writes into the file that is there. */
static inline void scribble(size_t at, const void *bytes, size_t len)
{
    int file = open(path_of("parachute"), O_WRONLY | O_CLOEXEC);

    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, len, (off_t)at), len);
    close(file);
}

static inline void put(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline mode_t kind_of(const char *name)
{
    struct stat stat;

    return lstat(path_of(name), &stat) < 0 ? 0 : stat.st_mode & S_IFMT;
}

#endif
