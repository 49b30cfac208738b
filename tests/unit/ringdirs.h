/* A directory of the test's own for a ring's file, and what lies in it. */
#ifndef TESTS_UNIT_RINGDIRS_H
#define TESTS_UNIT_RINGDIRS_H

#include "emitter/ring/ringdir.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static inline void directory_make(void)
{
    strcpy(directory, "/tmp/altimeter-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
}

static inline const char *path_of(const char *name)
{
    static char path[160];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

/* Whatever kind of thing it is. */
static inline void take_away(const char *name)
{
    if (unlink(path_of(name)) < 0 && errno == EISDIR)
        rmdir(path_of(name));
}

static inline void directory_remove(void)
{
    static const char *const names[] = {"ring",         "ring.next",    "ring.aside.1",
                                        "ring.aside.2", "ring.aside.3", "other"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        take_away(names[i]);
    assert_int_equal(rmdir(directory), 0); /* so there was nothing else */
}

static inline bool exists(const char *name)
{
    struct stat stat;

    return lstat(path_of(name), &stat) == 0;
}

static inline void put(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void check_content(const char *name, const char *content)
{
    char read[64] = "";
    FILE *file = fopen(path_of(name), "r");

    assert_non_null(file);
    read[fread(read, 1, sizeof read - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(read, content);
}

static inline struct ringdir open_dir(void)
{
    struct ringdir ringdir;
    pid_t holder = 0;

    assert_int_equal(ringdir_open(&ringdir, directory, getpid(), &holder), 0);
    return ringdir;
}

static inline void close_dir(struct ringdir *ringdir)
{
    if (ringdir->file >= 0)
        close(ringdir->file);
    close(ringdir->dir);
}

static inline int setup(void **state)
{
    (void)state;
    directory_make();
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    directory_remove();
    return 0;
}

/* Each test has a directory of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
