/*
 * A list of strings of one's own, copied from options.
 *
 * Errors: -1 where memory is short; the list is then empty. Threads: any, nothing is shared.
 */
#ifndef COLLECTOR_STRINGS_H
#define COLLECTOR_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: empty. */
struct strings {
    char **list;
    size_t count;
};

int strings_copy(struct strings *strings, const char *const *list, size_t count);
void strings_clean(struct strings *strings);

/* The same strings in the same order. */
bool strings_same(const struct strings *a, const struct strings *b);

#endif
