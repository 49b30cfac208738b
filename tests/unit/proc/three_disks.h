/* A machine of three disks, /a, /b and /c, all observed; it is /b that goes wrong. */
#ifndef TESTS_UNIT_PROC_THREE_DISKS_H
#define TESTS_UNIT_PROC_THREE_DISKS_H

#include "tests/unit/proc/fake_disks.h"

static const char *const three[] = {"/a", "/b", "/c"};
static const struct collector_options three_observed = {.observed = three, .observed_count = 3};

static inline struct subject open_three(void)
{
    for (int i = 0; i < 3; i++)
        fake_add(three[i], "ext4");
    return subject_open(&three_observed);
}

static inline void expect(const struct subject *subject, size_t index, int error)
{
    struct reading reading = disks_observed(subject->disks, index);

    if (reading.state != (error ? READING_FAILED : READING_OK) || reading.error != error)
        fail_msg("%s: state %d, error %d instead of %d", three[index], (int)reading.state,
                 reading.error, error);
}

static const char all_ok[] = "system.disk.error 0\n" LINES_OK("a", "1000000")
    LINES_OK("b", "1001000") LINES_OK("c", "1002000");
static const char b_failed[] =
    "system.disk.error 0\n" LINES_OK("a", "1000000") LINES_FAILED("b") LINES_OK("c", "1002000");

#endif
