/*
 * The clocks, in nanoseconds. The wall clock only stamps; every duration is measured on the
 * monotonic one. The boot clock is the monotonic one that also counts while the machine is
 * suspended: against it a step of the wall clock is told from a sleep.
 *
 * Errors: none, these clocks always exist on Linux. Threads: any.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_NS_PER_S INT64_C(1000000000)
#define CLOCK_NS_PER_MS INT64_C(1000000)

int64_t clock_wall_ns(void);
int64_t clock_mono_ns(void);
int64_t clock_boot_ns(void);

#endif
