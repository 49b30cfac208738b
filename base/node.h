/*
 * A node: one part of a path between two dots. 1..NODE_MAX bytes of [A-Za-z0-9_-] (SPEC 2).
 *
 * Errors: none; node_make turns anything into a node. Threads: any, nothing is shared.
 */
#ifndef BASE_NODE_H
#define BASE_NODE_H

#include <stdbool.h>
#include <stddef.h>

#define NODE_MAX 200

/* Whether `c` may stand in a node. */
bool node_byte(char c);

/* Whether the whole of `text` is one node. */
bool node_valid(const char *text);

/*
 * Makes a node of `len` bytes of anything: every byte that may not stand in one becomes `_`. One
 * that is longer than NODE_MAX is cut and ends in `_` and eight hex digits of the hash
 * (base/hash.h) of all the bytes given. Nothing at all becomes "_".
 */
void node_make(char node[NODE_MAX + 1], const char *bytes, size_t len);

#endif
