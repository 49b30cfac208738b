/* Real commands for the tests of what runs them: a folder of the test's own with scripts in it. */
#ifndef TESTS_UNIT_ACT_COMMANDS_H
#define TESTS_UNIT_ACT_COMMANDS_H

#include "parachute/order.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

/* Four of them at a time. */
static inline const char *path_of(const char *name)
{
    static char paths[4][400];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static inline int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline int setup(void **state)
{
    (void)state;
    alarm(60); /* a test that hangs fails */
    umask(077);
    strcpy(directory, "/tmp/altimeter-test-XXXXXX");
    return mkdtemp(directory) && chmod(directory, 0755) == 0 ? 0 : -1;
}

static inline int teardown(void **state)
{
    (void)state;
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Each test has a directory of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static inline const char *put(const char *name, const char *text, mode_t mode)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

/* A script for /bin/sh; its path. */
static inline const char *script(const char *name, const char *body)
{
    char text[1000];

    assert_true(snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body) < (int)sizeof text);
    return put(name, text, 0755);
}

static inline bool exists(const char *name)
{
    struct stat stat;

    return lstat(path_of(name), &stat) == 0;
}

/* Waits until the command has opened the fifo, and lets it go on. */
static inline void release(const char *name)
{
    int fd = open(path_of(name), O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    close(fd);
}

static const struct order_disk data_disk = {
    .name = "data",
    .mount = "/srv/my data",
    .used_bytes = 1800,
    .free_bytes = 200,
    .used_percent = 90,
    .threshold_percent = 85,
};

static inline struct order *order_as(const struct trust_user *user, unsigned timeout_ms,
                                     const char *const *argv)
{
    const struct order_command command = {
        .argv = (char *const *)argv,
        .timeout_ms = timeout_ms,
        .user = user,
    };
    struct order *order = order_new(&command, PLAN_ACTIVATE, "site.node", "data root", &data_disk);

    assert_non_null(order);
    return order;
}

#define ORDER(timeout_ms, ...) order_as(NULL, timeout_ms, (const char *const[]){__VA_ARGS__, NULL})

static inline int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

#endif
