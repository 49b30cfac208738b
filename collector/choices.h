/*
 * The choices: a copy of what the collector's options ask for, and whether others ask for the same.
 *
 * Errors: -1 where memory is short; the copy is then empty. Threads: any, nothing is shared.
 */
#ifndef COLLECTOR_CHOICES_H
#define COLLECTOR_CHOICES_H

#include "collector/collector.h"
#include "collector/strings.h"

#include <stdbool.h>

/* All zero: empty. */
struct choices {
    struct strings extra_types;
    struct strings exclude;
    struct strings observed;
    struct strings named; /* the mount points with a name of their own, */
    struct strings names; /* and these */
};

/* All but `proc`. */
int choices_copy(struct choices *choices, const struct collector_options *options);
void choices_clean(struct choices *choices);

/* Whether both ask for the same, in the same order. */
bool choices_same(const struct choices *a, const struct choices *b);

#endif
