#include "emitter/push/backoff.h"

#define FIRST_MS 1000
#define LONGEST_MS 60000

unsigned backoff_wait_ms(unsigned failures, uint32_t random)
{
    unsigned wait_ms = FIRST_MS;

    for (unsigned i = 1; i < failures && wait_ms < LONGEST_MS; i++)
        wait_ms *= 2;
    if (wait_ms > LONGEST_MS)
        wait_ms = LONGEST_MS;
    return wait_ms - (unsigned)((uint64_t)(wait_ms / 4) * random >> 32);
}
