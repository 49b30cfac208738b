/* Numbers that look random, the same in each run. */
#ifndef TESTS_UNIT_HTTP_ANY_H
#define TESTS_UNIT_HTTP_ANY_H

#include <stddef.h>
#include <stdint.h>

/* Below `end`, which is not 0. */
static inline size_t any_below(size_t end)
{
    static uint64_t seed = 1;

    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 32) % end;
}

#endif
