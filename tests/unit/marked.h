/* A run_dir of the test's own, and the marker files in it. */
#ifndef TESTS_UNIT_MARKED_H
#define TESTS_UNIT_MARKED_H

#include "parachute/keep/marks.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NODE "run/parachute/" MARKS_NODE
#define DATA NODE "-data"
#define LOGS NODE "-logs"
#define BESIDE "run/parachute/.parachute-activated.new"

static char directory[64];
static char run_dir[96];
static const char *const names[] = {"data", "logs"};
static struct marks marks = {.run_dir = run_dir, .names = names, .count = 2};
static char said[MARKS_ANSWER_MAX + 1]; /* the last answer */

static inline int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline int setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/altimeter-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chmod(directory, 0755), 0);
    snprintf(run_dir, sizeof run_dir, "%s/run", directory);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static inline const char *path_of(const char *name)
{
    static char paths[2][512];
    static unsigned turn;
    char *path = paths[turn++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static inline int open_marks(void)
{
    size_t len = 0;
    int error = marks_open(&marks, said, &len);

    said[len] = '\0';
    return error;
}

/* Since when the node and the two disks are activated. */
static inline int mark(int64_t node_s, int64_t data_s, int64_t logs_s)
{
    const struct marks_job job = {.node_s = node_s, .disk_s = {data_s, logs_s}};
    size_t len = 0;
    int error = marks_do(&marks, &job, 3 * sizeof(int64_t), said, &len);

    assert_true(len < MARKS_ANSWER_MAX);
    assert_int_equal(len > 0, error != 0);
    said[len] = '\0';
    return error;
}

/* As it is read, without following a link; "-" where it is not there. */
static inline const char *content(const char *name)
{
    static char read_text[512];
    int file = open(path_of(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t got = -1;

    if (file < 0)
        return errno == ENOENT ? "-" : strerror(errno);
    got = read(file, read_text, sizeof read_text - 1);
    close(file);
    read_text[got < 0 ? 0 : got] = '\0';
    return read_text;
}

static inline struct stat stat_of(const char *name)
{
    struct stat stat = {0};

    assert_int_equal(lstat(path_of(name), &stat), 0);
    return stat;
}

static inline void put(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

/* A file of ours, complete and readable for all. */
static inline void check_marker(const char *name, const char *text)
{
    struct stat stat = stat_of(name);

    assert_int_equal(stat.st_mode, S_IFREG | 0644);
    assert_int_equal(stat.st_nlink, 1);
    assert_int_equal(stat.st_uid, geteuid());
    assert_string_equal(content(name), text);
}

/* Each test has a directory of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
