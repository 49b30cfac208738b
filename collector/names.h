/*
 * The names of disks (SPEC 4.5): each mount point has one node, no two have the same, and it stays
 * with its mount point.
 *
 * Errors: NULL where memory is short. Threads: one. A name is borrowed until names_trim forgets
 * it, or names_free.
 */
#ifndef COLLECTOR_NAMES_H
#define COLLECTOR_NAMES_H

#include "collector/collector.h"

#include <stdbool.h>
#include <stddef.h>

/* More mount points than this are not remembered beside those in use. */
#define NAMES_REMEMBERED 4096

struct names;

/* The special names are `options`, and of the default ones those that take neither a mount point
 * nor a name of theirs. All are kept for their mount points, mounted or not. */
struct names *names_new(const struct collector_name *options, size_t count);

/* The names for other special ones, in the place of `names`, which stay as they are and are the
 * caller's to free. A name that we made stays with its mount point, unless the options or the
 * defaults have that mount point, or that name; one that the options before chose ends with them.
 */
struct names *names_renew(const struct names *names, const struct collector_name *options,
                          size_t count);
void names_free(struct names *names);

/* The mount point's name, given now if it has none. It counts as in use until names_trim. */
const char *names_give(struct names *names, const char *mount);

/* As names_give, and it is never forgotten. */
const char *names_give_for_good(struct names *names, const char *mount);

/*
 * Called after all names in use were asked for: where more than NAMES_REMEMBERED are remembered,
 * those not asked for since the last call are forgotten.
 */
void names_trim(struct names *names);

#endif
