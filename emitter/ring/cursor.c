#include "emitter/ring/cursor.h"

#include "emitter/ring/block.h"

#include <stdlib.h>

/* Reads what is at `next` or, where that is gone, what comes after it. */
static bool read_on(struct ring_cursor *cursor, const struct ring *ring, uint64_t next,
                    struct snapshot *out)
{
    const struct block *block = ring_block(ring, next);

    if (!block)
        return false;
    if (!cursor->place && !(cursor->place = calloc(1, sizeof *cursor->place)))
        return false;
    uint64_t number = next > block->first ? next : block->first;
    if (block_read(block, cursor->place, (uint32_t)(number - block->first), out) < 0)
        return false;
    cursor->next = number + 1;
    return true;
}

bool cursor_next(struct ring_cursor *cursor, const struct ring *ring, struct snapshot *out)
{
    uint64_t wanted = cursor->next;
    uint64_t next = wanted > ring_first(ring) ? wanted : ring_first(ring);

    if (!read_on(cursor, ring, next, out))
        return false;
    cursor->lost += cursor->next - 1 - wanted;
    return true;
}

bool cursor_read(struct ring_cursor *cursor, const struct ring *ring, uint64_t number,
                 struct snapshot *out)
{
    const struct block *block = ring_block(ring, number);

    return number >= ring_first(ring) && block && block->first <= number &&
           read_on(cursor, ring, number, out);
}

void cursor_clean(struct ring_cursor *cursor)
{
    if (cursor->place)
        place_clean(cursor->place);
    free(cursor->place);
    *cursor = (struct ring_cursor){0};
}
