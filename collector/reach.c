#include "collector/reach.h"

#include "collector/mounts.h"

#include <stdlib.h>
#include <string.h>

/* A mount in an index; its place in the list is its place in mount order. */
struct entry {
    struct mount *mount;
    bool *hidden; /* of this mount */
};

/* Mounts sorted by parent, mount point and place. */
struct index {
    struct entry *entries;
    size_t count;
};

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int by_point(const void *a, const void *b)
{
    const struct mount *left = ((const struct entry *)a)->mount;
    const struct mount *right = ((const struct entry *)b)->mount;
    int order = compare_bytes(left->point, left->point_len, right->point, right->point_len);

    return order ? order : (left > right) - (left < right);
}

static int by_parent(const void *a, const void *b)
{
    uint64_t left = ((const struct entry *)a)->mount->parent;
    uint64_t right = ((const struct entry *)b)->mount->parent;

    return left == right ? by_point(a, b) : (left > right) - (left < right);
}

/* How many entries sort before (parent, point), or, with `after`, before or equal to it. */
static size_t bound(const struct index *index, uint64_t parent, const char *point, size_t len,
                    bool after)
{
    size_t low = 0;
    size_t high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mount *mount = index->entries[middle].mount;
        int order = mount->parent == parent
                        ? compare_bytes(mount->point, mount->point_len, point, len)
                        : (mount->parent > parent) - (mount->parent < parent);
        if (order < 0 || (order == 0 && after))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last mount in mount order on that mount point with that parent, or NULL. */
static const struct mount *last_on(const struct index *index, uint64_t parent, const char *point,
                                   size_t len)
{
    size_t end = bound(index, parent, point, len, true);

    if (end == 0)
        return NULL;
    const struct mount *mount = index->entries[end - 1].mount;
    return mount->parent == parent && compare_bytes(mount->point, mount->point_len, point, len) == 0
               ? mount
               : NULL;
}

/* Whether a later sibling lies over a folder above the mount point. */
static bool buried(const struct index *index, const struct mount *mount)
{
    if (mount->point_len == 1)
        return false;
    for (size_t len = mount->point_len; len-- > 0;) {
        if (mount->point[len] != '/')
            continue;
        const struct mount *over = last_on(index, mount->parent, mount->point, len ? len : 1);
        if (over && over > mount)
            return true;
    }
    return false;
}

/* Hides all that is mounted in the hidden mount; true where that was news. */
static bool hide_children(const struct index *index, const struct mount *mount)
{
    bool news = false;

    for (size_t i = bound(index, mount->id, "", 0, false);
         i < index->count && index->entries[i].mount->parent == mount->id; i++) {
        news = news || !*index->entries[i].hidden;
        *index->entries[i].hidden = true;
    }
    return news;
}

/* Of the mounts on one mount point only one is seen: that which bears none of the others. */
static void hide_lower(struct index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        const struct mount *mount = index->entries[i].mount;
        const struct mount *over = last_on(index, mount->id, mount->point, mount->point_len);

        if (over && over != mount)
            *index->entries[i].hidden = true;
    }
    qsort(index->entries, index->count, sizeof *index->entries, by_point);

    const struct entry *seen = NULL; /* the last one on its mount point that is not hidden */
    for (size_t i = 0; i < index->count; i++) {
        const struct entry *entry = &index->entries[i];

        if (*entry->hidden)
            continue;
        if (seen && seen->mount->point_len == entry->mount->point_len &&
            memcmp(seen->mount->point, entry->mount->point, entry->mount->point_len) == 0)
            *seen->hidden = true;
        seen = entry;
    }
}

static void hide(struct index *index, const struct mounts *mounts, bool *hidden)
{
    qsort(index->entries, index->count, sizeof *index->entries, by_parent);
    for (size_t i = 0; i < mounts->count; i++)
        hidden[i] = buried(index, &mounts->list[i]);

    bool news = true;
    while (news) { /* once or twice: children stand after their parents in all but odd tables */
        news = false;
        for (size_t i = 0; i < mounts->count; i++)
            news = (hidden[i] && hide_children(index, &mounts->list[i])) || news;
    }
    hide_lower(index);
}

int reach_keep(struct mounts *mounts)
{
    struct index index = {.entries = calloc(mounts->count, sizeof *index.entries),
                          .count = mounts->count};
    bool *hidden = calloc(mounts->count, sizeof *hidden);
    int result = -1;

    if (!index.entries || !hidden)
        goto out;
    for (size_t i = 0; i < mounts->count; i++)
        index.entries[i] = (struct entry){.mount = &mounts->list[i], .hidden = &hidden[i]};
    hide(&index, mounts, hidden);

    size_t kept = 0;
    for (size_t i = 0; i < mounts->count; i++)
        if (!hidden[i])
            mounts->list[kept++] = mounts->list[i];
    mounts->count = kept;
    result = 0;
out:
    free(index.entries);
    free(hidden);
    return result;
}
