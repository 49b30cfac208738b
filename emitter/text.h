/*
 * The text of a DataPoint, made at the doors: `<path> <value> <timestamp>`, as a line or as a JSON
 * string. A path holds only [A-Za-z0-9_.-], so nothing needs quoting; numbers are decimal integers,
 * whatever the locale.
 *
 * Errors: -1 where memory is short; then nothing was added. Threads: any.
 */
#ifndef EMITTER_TEXT_H
#define EMITTER_TEXT_H

#include "base/bytes.h"
#include "base/series.h"
#include "base/snapshot.h"

#include <stdbool.h>

/* Adds the snapshot as lines, each with its `\n` (SPEC 2). */
int text_lines(struct bytes *out, const struct series_table *series,
               const struct snapshot *snapshot);

/*
 * Adds the snapshot as elements of a JSON array, each on a line of its own and indented by two,
 * without the brackets around them (SPEC 7). `first` is set where no element stands before these.
 */
int text_json(struct bytes *out, const struct series_table *series, const struct snapshot *snapshot,
              bool first);

#endif
