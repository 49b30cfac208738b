/* What the code under test logs. */
#ifndef TESTS_UNIT_HEARD_H
#define TESTS_UNIT_HEARD_H

#include <sys/mman.h>
#include <unistd.h>

/* What is written to stderr between these two. */
static int stderr_before;
static int stderr_memory;

static inline void hear_log(void)
{
    stderr_memory = memfd_create("stderr", MFD_CLOEXEC);
    stderr_before = dup(STDERR_FILENO);
    dup2(stderr_memory, STDERR_FILENO);
}

static inline void heard_log(char said[4096])
{
    dup2(stderr_before, STDERR_FILENO);
    ssize_t len = pread(stderr_memory, said, 4095, 0);
    said[len > 0 ? len : 0] = '\0';
    close(stderr_before);
    close(stderr_memory);
}

#endif
