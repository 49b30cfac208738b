/*
 * A layout: which series a snapshot has, in order. Snapshots that have the same share one, and it
 * holds their series.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only. Lifetimes: a layout lives
 * while somebody holds it; the series table outlives it.
 */
#ifndef EMITTER_LAYOUT_H
#define EMITTER_LAYOUT_H

#include "base/series.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct layout {
    size_t holds;
    size_t count;
    uint32_t series[];
};

/* One hold is the caller's. */
struct layout *layout_new(struct series_table *table, const uint32_t *series, size_t count);

struct layout *layout_hold(struct layout *layout);

/* With the last hold the layout goes. NULL is accepted. */
void layout_release(struct layout *layout, struct series_table *table);

bool layout_is(const struct layout *layout, const uint32_t *series, size_t count);

#endif
