/*
 * FNV-1a, 32 bit: a hash of bytes for tables and for names that were cut. Not for anything hostile
 * to gain from: collisions are easy to make. http://www.isthe.com/chongo/tech/comp/fnv/ (offset
 * basis 2166136261, prime 16777619)
 *
 * Errors: none. Threads: any.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint32_t hash_bytes(const char *bytes, size_t len);

#endif
