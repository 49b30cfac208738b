/* The file in which a supervisor writes down an end, as the keeper would have made it. */
#ifndef TESTS_UNIT_ACT_ENDS_H
#define TESTS_UNIT_ACT_ENDS_H

#include "parachute/keep/record.h"
#include "tests/unit/act/commands.h"

#include <sys/inotify.h>

#define STATE_FILE "parachute" /* see record.h */

static inline void make_state(void)
{
    static const char nothing[RECORD_BYTES];
    int fd = open(path_of(STATE_FILE), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, nothing, sizeof nothing), sizeof nothing);
    close(fd);
}

/* -1: none was written. */
static inline int read_end(struct record_end *end)
{
    uint8_t slot[RECORD_END_SLOT];
    int fd = open(path_of(STATE_FILE), O_RDONLY | O_CLOEXEC);

    assert_int_equal(pread(fd, slot, sizeof slot, RECORD_END_AT), sizeof slot);
    close(fd);
    return record_decode_end(slot, sizeof slot, end);
}

static inline void check_state(uint64_t number, unsigned attempt, int status)
{
    struct record_end end = {0};

    assert_int_equal(read_end(&end), 0);
    assert_int_equal(end.number, number);
    assert_int_equal(end.attempt, attempt);
    assert_int_equal(end.status, status);
    assert_true(end.ended_s > 1000000000);
}

/* A descriptor from which a read comes back once somebody has written to the file. */
static inline int watch_state(void)
{
    int fd = inotify_init1(IN_CLOEXEC);

    assert_true(inotify_add_watch(fd, path_of(STATE_FILE), IN_CLOSE_WRITE) >= 0);
    return fd;
}

static inline void wait_for_state(int fd)
{
    struct inotify_event event;

    assert_true(read(fd, &event, sizeof event) > 0);
    close(fd);
}

#endif
