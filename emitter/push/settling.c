#include "emitter/push/settling.h"

#include <stdbool.h>

#define SPAN_BYTES (SETTLING_BYTES / SETTLING_SPANS)

static struct settling_group *group_at(struct settling *settling, size_t i)
{
    return &settling->groups[(settling->oldest + i) % SETTLING_GROUPS];
}

static bool settled(const struct settling *settling, const struct settling_group *group,
                    int64_t now_ns)
{
    return now_ns - group->last_ns >= settling->settle_ns &&
           settling->end - group->end >= SETTLING_BYTES;
}

static void release(struct settling *settling, int64_t now_ns)
{
    while (settling->count > 0 && settled(settling, group_at(settling, 0), now_ns)) {
        settling->oldest = (settling->oldest + 1) % SETTLING_GROUPS;
        settling->count--;
    }
}

/* Up to what comes now. Spans are rounded up, so that sixteen of them are never less than the
 * whole. */
static bool is_full(const struct settling *settling, const struct settling_group *newest,
                    int64_t now_ns)
{
    int64_t span_ns = (settling->settle_ns + SETTLING_SPANS - 1) / SETTLING_SPANS;

    return now_ns - newest->first_ns >= span_ns && newest->end - newest->begin >= SPAN_BYTES;
}

/* The group that is being filled. Should there be no room for one, the newest goes on: what it has
 * only settles later. */
static struct settling_group *open_group(struct settling *settling, int64_t now_ns)
{
    struct settling_group *newest = NULL;

    if (settling->count > 0) {
        newest = group_at(settling, settling->count - 1);
        if (!is_full(settling, newest, now_ns) || settling->count == SETTLING_GROUPS)
            return newest;
    }
    newest = group_at(settling, settling->count++);
    *newest = (struct settling_group){.first_ns = now_ns, .begin = settling->end};
    return newest;
}

void settling_add(struct settling *settling, const struct settling_entry *entry, int64_t now_ns)
{
    release(settling, now_ns);

    struct settling_group *group = open_group(settling, now_ns);

    owed_add(&group->numbers, entry->number, entry->number + 1);
    loss_note(&group->at_stake, entry->timestamp_s);
    group->last_ns = now_ns;
    group->end = entry->end;
    settling->end = entry->end;
}

void settling_list(const struct settling *settling, struct owed *owed)
{
    for (size_t i = 0; i < settling->count; i++)
        owed_merge(owed, &settling->groups[(settling->oldest + i) % SETTLING_GROUPS].numbers);
}

void settling_break(struct settling *settling, int64_t now_ns, uint64_t first, struct owed *owed,
                    struct loss *loss)
{
    release(settling, now_ns);
    for (; settling->count > 0; settling->count--) {
        struct settling_group *group = group_at(settling, 0);

        group->at_stake.snapshots = owed_forget(&group->numbers, first);
        if (group->at_stake.snapshots > 0 && now_ns - group->last_ns < settling->settle_ns)
            loss_add(loss, &group->at_stake);
        owed_merge(owed, &group->numbers);
        settling->oldest = (settling->oldest + 1) % SETTLING_GROUPS;
    }
}
