#include "emitter/ring/owed.h"

#include <string.h>

/* Joins the two neighbours with the smallest gap; gives the number of ranges that are left. */
static size_t merge_closest(struct owed_range *ranges, size_t count)
{
    size_t best = 1;

    for (size_t i = 2; i < count; i++)
        if (ranges[i].from - ranges[i - 1].end < ranges[best].from - ranges[best - 1].end)
            best = i;
    ranges[best - 1].end = ranges[best].end;
    memmove(&ranges[best], &ranges[best + 1], (count - best - 1) * sizeof *ranges);
    return count - 1;
}

/* Puts in a range that touches no other. The list may be one too long for a moment. */
static void insert(struct owed *owed, size_t at, struct owed_range range)
{
    struct owed_range ranges[OWED_RANGES + 1];
    size_t count = owed->count + 1;

    memcpy(ranges, owed->ranges, at * sizeof *ranges);
    ranges[at] = range;
    memcpy(&ranges[at + 1], &owed->ranges[at], (owed->count - at) * sizeof *ranges);
    if (count > OWED_RANGES)
        count = merge_closest(ranges, count);
    memcpy(owed->ranges, ranges, count * sizeof *ranges);
    owed->count = count;
}

/* Takes out ranges[at..end-1]. */
static void cut(struct owed *owed, size_t at, size_t end)
{
    memmove(&owed->ranges[at], &owed->ranges[end], (owed->count - end) * sizeof *owed->ranges);
    owed->count -= end - at;
}

void owed_add(struct owed *owed, uint64_t from, uint64_t end)
{
    size_t at = 0;

    if (from >= end)
        return;
    while (at < owed->count && owed->ranges[at].end < from)
        at++;

    size_t past = at; /* one past the last range that touches the new one */
    while (past < owed->count && owed->ranges[past].from <= end)
        past++;
    if (past == at) {
        insert(owed, at, (struct owed_range){from, end});
        return;
    }
    if (owed->ranges[at].from < from)
        from = owed->ranges[at].from;
    if (owed->ranges[past - 1].end > end)
        end = owed->ranges[past - 1].end;
    owed->ranges[at] = (struct owed_range){from, end};
    cut(owed, at + 1, past);
}

void owed_merge(struct owed *owed, const struct owed *more)
{
    for (size_t i = 0; i < more->count; i++)
        owed_add(owed, more->ranges[i].from, more->ranges[i].end);
}

void owed_remove(struct owed *owed, uint64_t number)
{
    size_t at = 0;

    while (at < owed->count && owed->ranges[at].end <= number)
        at++;
    if (at == owed->count || owed->ranges[at].from > number)
        return;

    struct owed_range *range = &owed->ranges[at];
    if (range->from == number) {
        range->from++;
    } else if (range->end - 1 == number) {
        range->end--;
    } else if (owed->count == OWED_RANGES) {
        /* Room first: else the gap made here would be the smallest one and close again at once. */
        owed->count = merge_closest(owed->ranges, owed->count);
        owed_remove(owed, number);
        return;
    } else {
        struct owed_range rest = {number + 1, range->end};

        range->end = number;
        insert(owed, at + 1, rest);
        return;
    }
    if (range->from == range->end)
        cut(owed, at, at + 1);
}

uint64_t owed_forget(struct owed *owed, uint64_t first)
{
    uint64_t forgotten = 0;
    size_t gone = 0;

    while (gone < owed->count && owed->ranges[gone].end <= first) {
        forgotten += owed->ranges[gone].end - owed->ranges[gone].from;
        gone++;
    }
    cut(owed, 0, gone);
    if (owed->count > 0 && owed->ranges[0].from < first) {
        forgotten += first - owed->ranges[0].from;
        owed->ranges[0].from = first;
    }
    return forgotten;
}

bool owed_oldest(const struct owed *owed, uint64_t *number)
{
    if (owed->count == 0)
        return false;
    *number = owed->ranges[0].from;
    return true;
}

bool owed_newest(const struct owed *owed, uint64_t end, uint64_t *number)
{
    for (size_t i = owed->count; i-- > 0;) {
        const struct owed_range *range = &owed->ranges[i];

        if (range->from < end) {
            *number = (range->end < end ? range->end : end) - 1;
            return true;
        }
    }
    return false;
}

uint64_t owed_count(const struct owed *owed)
{
    uint64_t count = 0;

    for (size_t i = 0; i < owed->count; i++)
        count += owed->ranges[i].end - owed->ranges[i].from;
    return count;
}
