/*
 * Decimal numbers in a text of /proc, which ends where its length says.
 *
 * Errors: false where no digit stands. Threads: any, nothing is shared.
 */
#ifndef COLLECTOR_DECIMAL_H
#define COLLECTOR_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the digits at `*at`, moves past them, and never past `end`. A number that does not fit is
 * held at UINT64_MAX.
 */
bool decimal_take(const char **at, const char *end, uint64_t *value);

/* Sums and products that are held at UINT64_MAX. */
uint64_t decimal_add(uint64_t a, uint64_t b);
uint64_t decimal_multiply(uint64_t a, uint64_t b);

#endif
