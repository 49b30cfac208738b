/*
 * The positions of the targets, as they are kept with the ring: what each is still owed.
 *
 *   slot   := "RPOS", CRC-32C of what follows (4), length of what follows (4), turn (8), first (8),
 *             end (8), target...; the lowest byte first
 *   target := length of its name, name, snapshots lost, number of ranges, and of each range how
 *             many numbers are between it and the one before (or 0), and how many it has; all
 *             varints
 *
 * There are two slots in the file, and the older one is written over, so that one is always whole.
 *
 * Errors: -1 where memory is short, or a slot is not one. Threads: any, nothing is shared.
 */
#ifndef EMITTER_POSITIONS_H
#define EMITTER_POSITIONS_H

#include "base/bytes.h"
#include "emitter/ring/owed.h"

#include <stddef.h>
#include <stdint.h>

#define POSITIONS_BYTES 8192 /* of a slot */

struct position {
    char *name;
    uint64_t lost;
    struct owed owed;
};

/* All zero: none. */
struct positions {
    uint64_t turn;  /* how often they were written; the higher one is the newer slot */
    uint64_t first; /* the ring's, at that time */
    uint64_t end;   /* all that a target is owed below this is said here */
    struct position *list;
    size_t count;
    size_t kept; /* so many in the list have a name; those behind `count` wait for the next round */
};

/* Empty again, but the memory is kept, for the same names once more. */
void positions_restart(struct positions *positions);

/* Adds a copy of the name. */
int positions_add(struct positions *positions, const char *name, uint64_t lost,
                  const struct owed *owed);

/* NULL: there is none of that name. */
const struct position *positions_find(const struct positions *positions, const char *name);

/*
 * As a slot, at the end of `out`, which may be borrowed memory with room for POSITIONS_BYTES. Where
 * it would not fit, the ranges of each target are joined into one, and then targets are left out:
 * they are owed more than they need then.
 */
int positions_encode(const struct positions *positions, struct bytes *out);

/* `positions` must be empty; after -1 it is. */
int positions_decode(struct positions *positions, const uint8_t *slot, size_t len);

/* All numbers owed grow by `shift` (modulo 2^64); what is not below `end` then is forgotten. */
void positions_renumber(struct positions *positions, uint64_t shift, uint64_t end);

void positions_clean(struct positions *positions);

#endif
