/*
 * What a target is owed: a set of snapshot numbers, kept as a short sorted list of ranges. (Newest
 * sent and a backlog owed is no single cursor: what was under way when a connection broke is owed
 * again, while newer ones may have arrived.)
 *
 * The list is bounded. When it is full, the two neighbours with the smallest gap merge, so that
 * what lies between is owed again: harmless, since the same path and timestamp overwrite
 * themselves.
 *
 * Errors: none, nothing is allocated. Threads: any, nothing is shared.
 */
#ifndef EMITTER_OWED_H
#define EMITTER_OWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OWED_RANGES 32

struct owed_range {
    uint64_t from; /* first number owed */
    uint64_t end;  /* one past the last */
};

/* All zero: nothing is owed. Sorted, with gaps between the ranges. */
struct owed {
    struct owed_range ranges[OWED_RANGES];
    size_t count;
};

/* Owes from..end-1 as well. */
void owed_add(struct owed *owed, uint64_t from, uint64_t end);

/* Owes all that `more` owes as well. */
void owed_merge(struct owed *owed, const struct owed *more);

/* Takes one number off: it is under way now. */
void owed_remove(struct owed *owed, uint64_t number);

/* Takes off all below `first` (the ring overwrote them) and gives how many those were. */
uint64_t owed_forget(struct owed *owed, uint64_t first);

/* The oldest number owed; false where there is none. */
bool owed_oldest(const struct owed *owed, uint64_t *number);

/* The newest number owed that is below `end`; false where there is none. */
bool owed_newest(const struct owed *owed, uint64_t end, uint64_t *number);

/* How many are owed. */
uint64_t owed_count(const struct owed *owed);

#endif
