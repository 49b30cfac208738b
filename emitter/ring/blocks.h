/*
 * The blocks of the ring, oldest first, found by number; and the place of each in the ring's file.
 *
 * The file's data is a circle: a block lies behind the one before it, or, where it does not fit
 * there any more, at the start. So what stands in its way are always the oldest.
 *
 * Errors: -1 where memory is short. Threads: the loop's thread only. Lifetimes: the blocks are the
 * caller's to free.
 */
#ifndef EMITTER_BLOCKS_H
#define EMITTER_BLOCKS_H

#include "emitter/ring/block.h"

#include <stddef.h>
#include <stdint.h>

/* Blocks begin at multiples of this, so that they are found again where one before is damaged. */
#define BLOCKS_ALIGNMENT 64

/* All zero: none. */
struct blocks {
    struct block **list;
    size_t head, tail, room; /* list[head..tail-1] */
};

size_t blocks_count(const struct blocks *blocks);

/* The oldest is 0. */
struct block *blocks_at(const struct blocks *blocks, size_t index);

/* The newest; NULL: there is none. */
struct block *blocks_newest(const struct blocks *blocks);

/* The index of the block that `number` is in, or else of the next one; the count where none is. */
size_t blocks_find(const struct blocks *blocks, uint64_t number);

/* How many snapshots there are with numbers from `first` to before `end`. */
size_t blocks_between(const struct blocks *blocks, uint64_t first, uint64_t end);

/* Of those from `first` on, the number of the one with `before` others before it; there is one. */
uint64_t blocks_nth(const struct blocks *blocks, uint64_t first, size_t before);

/* Makes it the block `index`; those from there on move up. */
int blocks_insert(struct blocks *blocks, size_t index, struct block *block);

/* Takes out the oldest, or the newest. */
struct block *blocks_take_oldest(struct blocks *blocks);
struct block *blocks_take_newest(struct blocks *blocks);

/*
 * Gives block `index`, which has grown or is unplaced, a place among `size` bytes of data: where it
 * is, or behind the one before, or at the start. One that is larger than all of it is unplaced
 * then. Gives how many of the oldest blocks stand in its way and must go.
 */
size_t blocks_place(const struct blocks *blocks, size_t index, uint64_t size);

void blocks_clean(struct blocks *blocks);

#endif
