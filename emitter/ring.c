#include "emitter/ring.h"

#include "emitter/cursor.h"

#include <stdlib.h>
#include <string.h>

/* Which series a snapshot has, in order. Shared by all snapshots in the ring that have the same. */
struct layout {
    size_t refs;
    size_t count;
    uint32_t series[];
};

struct slot {
    struct layout *layout; /* NULL: nothing was ever here */
    int64_t *cells;        /* the timestamp, then the layout's values */
};

struct ring {
    struct series_table *series;
    struct ring_options options;
    size_t capacity;
    struct slot *slots; /* calloc'd: the system backs what is used, however long the history */
    uint64_t first;
    uint64_t end;
    size_t content_bytes; /* of all layouts and cells */
};

static size_t layout_bytes(size_t count)
{
    return sizeof(struct layout) + count * sizeof(uint32_t);
}

static size_t cell_bytes(const struct layout *layout)
{
    return layout ? (layout->count + 1) * sizeof(int64_t) : 0;
}

static struct slot *slot_of(const struct ring *ring, uint64_t number)
{
    return &ring->slots[number % ring->capacity];
}

static void layout_release(struct ring *ring, struct layout *layout)
{
    if (!layout || --layout->refs > 0)
        return;
    for (size_t i = 0; i < layout->count; i++)
        series_release(ring->series, layout->series[i]);
    ring->content_bytes -= layout_bytes(layout->count);
    free(layout);
}

/* The newest snapshot's layout where it fits, else a new one. NULL: memory is short. */
static struct layout *layout_take(struct ring *ring, const struct snapshot *snapshot)
{
    struct layout *newest = ring->end > ring->first ? slot_of(ring, ring->end - 1)->layout : NULL;
    size_t count = snapshot->count;

    if (newest && newest->count == count &&
        (count == 0 || memcmp(newest->series, snapshot->series, count * sizeof(uint32_t)) == 0)) {
        newest->refs++;
        return newest;
    }

    struct layout *layout = malloc(layout_bytes(count));
    if (!layout)
        return NULL;
    layout->refs = 1;
    layout->count = count;
    for (size_t i = 0; i < count; i++) {
        layout->series[i] = snapshot->series[i];
        series_hold(ring->series, snapshot->series[i]);
    }
    ring->content_bytes += layout_bytes(count);
    return layout;
}

struct ring *ring_new(const struct ring_options *options, struct series_table *series)
{
    struct ring *ring = calloc(1, sizeof *ring);

    if (!ring)
        return NULL;
    ring->slots = calloc(options->capacity, sizeof *ring->slots);
    if (!ring->slots) {
        free(ring);
        return NULL;
    }
    ring->series = series;
    ring->options = *options;
    ring->capacity = options->capacity;
    ring->first = 1;
    ring->end = 1;
    return ring;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    for (uint64_t number = ring->first; number < ring->end; number++) {
        layout_release(ring, slot_of(ring, number)->layout);
        free(slot_of(ring, number)->cells);
    }
    free(ring->slots);
    free(ring);
}

int ring_append(struct ring *ring, const struct snapshot *snapshot)
{
    struct slot *slot =
        slot_of(ring, ring->end); /* the oldest snapshot's, where the ring is full */
    struct layout *layout = layout_take(ring, snapshot);

    if (!layout)
        return -1;
    if (ring->options.evict && ring->end - ring->first == ring->capacity)
        ring->options.evict(ring->options.arg, ring->first, ring->first + 1);

    size_t old_bytes = cell_bytes(slot->layout);
    size_t new_bytes = cell_bytes(layout);
    if (new_bytes != old_bytes) {
        int64_t *cells = realloc(slot->cells, new_bytes);
        if (!cells) {
            layout_release(ring, layout);
            return -1;
        }
        slot->cells = cells;
    }
    ring->content_bytes = ring->content_bytes - old_bytes + new_bytes;

    layout_release(ring, slot->layout);
    slot->layout = layout;
    slot->cells[0] = snapshot->timestamp_s;
    if (snapshot->count > 0)
        memcpy(slot->cells + 1, snapshot->values, snapshot->count * sizeof(int64_t));
    ring->end++;
    if (ring->end - ring->first > ring->capacity)
        ring->first++;
    return 0;
}

uint64_t ring_first(const struct ring *ring)
{
    return ring->first;
}

uint64_t ring_end(const struct ring *ring)
{
    return ring->end;
}

static int read_slot(const struct ring *ring, uint64_t number, struct snapshot *out)
{
    if (number < ring->first || number >= ring->end)
        return -1;

    const struct slot *slot = slot_of(ring, number);
    size_t count = slot->layout->count;

    snapshot_clear(out, slot->cells[0]);
    if (snapshot_reserve(out, count) < 0)
        return -1;
    if (count > 0) {
        memcpy(out->series, slot->layout->series, count * sizeof *out->series);
        memcpy(out->values, slot->cells + 1, count * sizeof *out->values);
    }
    out->count = count;
    return 0;
}

size_t ring_count(const struct ring *ring)
{
    return (size_t)(ring->end - ring->first);
}

uint64_t ring_back(const struct ring *ring, size_t quantity)
{
    return quantity < ring_count(ring) ? ring->end - quantity : ring->first;
}

int ring_newest(const struct ring *ring, struct snapshot *out)
{
    return read_slot(ring, ring->end - 1, out);
}

bool cursor_next(struct ring_cursor *cursor, const struct ring *ring, struct snapshot *out)
{
    if (cursor->next < ring->first) {
        cursor->lost += ring->first - cursor->next;
        cursor->next = ring->first;
    }
    if (read_slot(ring, cursor->next, out) < 0)
        return false;
    cursor->next++;
    return true;
}

bool cursor_read(struct ring_cursor *cursor, const struct ring *ring, uint64_t number,
                 struct snapshot *out)
{
    if (read_slot(ring, number, out) < 0)
        return false;
    cursor->next = number + 1;
    return true;
}

void cursor_clean(struct ring_cursor *cursor)
{
    *cursor = (struct ring_cursor){0};
}

size_t ring_bytes(const struct ring *ring)
{
    size_t used = (size_t)(ring->end - ring->first);

    return sizeof *ring + used * sizeof *ring->slots + ring->content_bytes;
}

size_t ring_capacity(const struct ring *ring)
{
    return ring->capacity;
}
