/*
 * Paths of series as bytes. Neighbours look alike, so each says only what is other than the one
 * before it:
 *
 *   path := how many bytes it has in common with the front of the path before it (varint; the first
 *           path follows an empty one), how many bytes come after these (varint), these bytes
 *
 * A path is at most PATHS_LONGEST bytes: two nodes or more (base/node.h), separated by dots. Others
 * are neither written nor read, so what is read can be sent on as it is.
 *
 * Errors: see each. Threads: those of the series table.
 */
#ifndef EMITTER_PATHS_H
#define EMITTER_PATHS_H

#include "base/bytes.h"
#include "base/series.h"

#include <stddef.h>
#include <stdint.h>

#define PATHS_LONGEST 16000

/* Adds the paths of `count` series. `out` is failed where one is no path or memory is short. */
void paths_add(struct bytes *out, const struct series_table *table, const uint32_t *series,
               size_t count);

/*
 * Takes the next path into `path`, NUL at its end, and its length into `*len`. Both hold the path
 * before it when this is called; `*len` is 0 at first. -1: the bytes are at their end, or are no
 * path; `path` and `*len` are then worth nothing.
 */
int paths_take(struct bytes_in *in, char path[PATHS_LONGEST + 1], size_t *len);

#endif
