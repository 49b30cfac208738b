/*
 * How long to wait before the next attempt at a peer that fails: 1 s, doubling to 60 s. Of each
 * wait up to a quarter is taken off by chance, so that a fleet does not come back in one moment.
 *
 * Errors: none, it is pure. Threads: any.
 */
#ifndef EMITTER_BACKOFF_H
#define EMITTER_BACKOFF_H

#include <stdint.h>

/* `failures` in a row, at least 1; `random` is uniform over all 32 bits. */
unsigned backoff_wait_ms(unsigned failures, uint32_t random);

#endif
