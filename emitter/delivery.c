#include "emitter/delivery.h"

#include "emitter/cursor.h"
#include "emitter/owed.h"
#include "emitter/text.h"

#include <event2/buffer.h>
#include <stdlib.h>

/* A snapshot under way: when it is sent, `end` bytes were sent in all. */
struct parcel {
    uint64_t number;
    uint64_t end;
};

struct delivery {
    const struct ring *ring;
    const struct series_table *series;
    struct owed owed;
    uint64_t next; /* the first number that was never owed yet */

    struct parcel under_way[DELIVERY_UNDER_WAY]; /* a queue, oldest at `oldest` */
    size_t oldest;
    size_t count;
    uint64_t sent_bytes; /* ever */

    struct ring_cursor cursor;
    struct snapshot snapshot;
    struct evbuffer *text; /* what is unsent of the newest parcel */
    uint64_t acked;
    uint64_t lost;
};

struct delivery *delivery_new(const struct ring *ring, const struct series_table *series)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);

    if (!delivery)
        return NULL;
    delivery->ring = ring;
    delivery->series = series;
    delivery->next = ring_first(ring);
    delivery->text = evbuffer_new();
    if (!delivery->text) {
        free(delivery);
        return NULL;
    }
    return delivery;
}

void delivery_free(struct delivery *delivery)
{
    if (!delivery)
        return;
    evbuffer_free(delivery->text);
    cursor_clean(&delivery->cursor);
    snapshot_clean(&delivery->snapshot);
    free(delivery);
}

void delivery_owe_new(struct delivery *delivery)
{
    owed_add(&delivery->owed, delivery->next, ring_end(delivery->ring));
    delivery->next = ring_end(delivery->ring);
}

uint64_t delivery_forget(struct delivery *delivery)
{
    uint64_t lost = owed_forget(&delivery->owed, ring_first(delivery->ring));

    delivery->lost += lost;
    return lost;
}

/* Begins the oldest snapshot owed. -1: none, too many are under way, or memory is short. */
static int begin(struct delivery *delivery)
{
    uint64_t number = 0;

    delivery_forget(delivery);
    if (delivery->count == DELIVERY_UNDER_WAY || !owed_oldest(&delivery->owed, &number) ||
        !cursor_read(&delivery->cursor, delivery->ring, number, &delivery->snapshot) ||
        text_lines(delivery->text, delivery->series, &delivery->snapshot) < 0)
        return -1;

    owed_remove(&delivery->owed, number);
    delivery->under_way[(delivery->oldest + delivery->count++) % DELIVERY_UNDER_WAY] =
        (struct parcel){number, delivery->sent_bytes + evbuffer_get_length(delivery->text)};
    return 0;
}

const void *delivery_peek(struct delivery *delivery, size_t *len)
{
    while (evbuffer_get_length(delivery->text) == 0)
        if (begin(delivery) < 0)
            return NULL;
    *len = evbuffer_get_length(delivery->text);
    return evbuffer_pullup(delivery->text, -1);
}

void delivery_sent(struct delivery *delivery, size_t len)
{
    evbuffer_drain(delivery->text, len);
    delivery->sent_bytes += len;
}

void delivery_acked(struct delivery *delivery, uint64_t unacked)
{
    uint64_t acked = unacked < delivery->sent_bytes ? delivery->sent_bytes - unacked : 0;

    while (delivery->count > 0 && delivery->under_way[delivery->oldest].end <= acked) {
        delivery->oldest = (delivery->oldest + 1) % DELIVERY_UNDER_WAY;
        delivery->count--;
        delivery->acked++;
    }
}

void delivery_broke(struct delivery *delivery)
{
    for (; delivery->count > 0; delivery->count--) {
        uint64_t number = delivery->under_way[delivery->oldest].number;

        owed_add(&delivery->owed, number, number + 1);
        delivery->oldest = (delivery->oldest + 1) % DELIVERY_UNDER_WAY;
    }
    evbuffer_drain(delivery->text, evbuffer_get_length(delivery->text));
}

struct delivery_counts delivery_counts(const struct delivery *delivery)
{
    return (struct delivery_counts){
        .owed = owed_count(&delivery->owed),
        .under_way = delivery->count,
        .acked = delivery->acked,
        .lost = delivery->lost,
    };
}
