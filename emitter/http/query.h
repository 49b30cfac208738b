/*
 * The parts of a request's target: is this that path, and which quantity is asked for (SPEC 7).
 * Percent-escapes are decoded on the way; an escape that is none stands for itself.
 *
 * Errors: -1. Threads: any, nothing is kept.
 */
#ifndef EMITTER_QUERY_H
#define EMITTER_QUERY_H

#include "emitter/http/request.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether `path`, decoded, is `expected`. */
bool query_path_is(struct request_part path, const char *expected);

/*
 * The `quantity` of a query, the text after the `?`: 0 where it is not there. -1 where it
 * is not 1 to 9 decimal digits without a leading zero, or is given twice.
 */
int query_quantity(struct request_part query, uint32_t *quantity);

#endif
