#include "emitter/push/delivery.h"

#include "base/clock.h"
#include "emitter/push/pace.h"
#include "emitter/push/settling.h"
#include "emitter/ring/cursor.h"
#include "emitter/text.h"

#include <stdbool.h>
#include <stdlib.h>

struct delivery {
    const struct ring *ring;
    const struct series_table *series;
    struct pace pace;
    struct owed owed;
    uint64_t next; /* the first number that was never owed yet */
    uint64_t live; /* the first number that was never begun as the newest one */

    struct settling_entry under_way[DELIVERY_UNDER_WAY]; /* a queue, oldest at `oldest` */
    size_t oldest;
    size_t count;
    uint64_t sent_bytes; /* ever */
    struct settling settling;

    struct ring_cursor cursor;
    struct snapshot snapshot;
    struct bytes text; /* of the newest entry under way, */
    size_t text_sent;  /* of which so much is sent */
    uint64_t acked;
    int64_t acked_ns;
    uint64_t lost;
    struct loss loss; /* that nobody took yet */
};

struct delivery *delivery_new(const struct ring *ring, const struct series_table *series,
                              const struct delivery_options *options)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);

    if (!delivery)
        return NULL;
    delivery->ring = ring;
    delivery->series = series;
    delivery->pace.rate = options->replay_rate;
    delivery->settling.settle_ns = options->settle_ms * CLOCK_NS_PER_MS;
    delivery->next = options->position ? ring_end(ring) : ring_first(ring);
    delivery->lost = options->lost;
    if (options->position)
        delivery_owe(delivery, options->position, 0);
    return delivery;
}

void delivery_free(struct delivery *delivery)
{
    if (!delivery)
        return;
    bytes_clean(&delivery->text);
    cursor_clean(&delivery->cursor);
    snapshot_clean(&delivery->snapshot);
    free(delivery);
}

void delivery_adapt(struct delivery *delivery, const struct delivery_options *options,
                    int64_t now_ns)
{
    pace_set_rate(&delivery->pace, options->replay_rate, now_ns);
    delivery->settling.settle_ns = options->settle_ms * CLOCK_NS_PER_MS;
}

void delivery_owe_new(struct delivery *delivery)
{
    owed_add(&delivery->owed, delivery->next, ring_end(delivery->ring));
    delivery->next = ring_end(delivery->ring);
}

static void lose(struct delivery *delivery, const struct loss *loss)
{
    loss_add(&delivery->loss, loss);
    delivery->lost += loss->snapshots;
}

/* Of all numbers below `end` nothing is known but that they are gone. */
static void lose_below(struct delivery *delivery, uint64_t end)
{
    lose(delivery, &(struct loss){.snapshots = owed_forget(&delivery->owed, end)});
}

void delivery_owe(struct delivery *delivery, const struct owed *position, uint64_t lost)
{
    for (size_t i = 0; i < position->count; i++) {
        const struct owed_range *range = &position->ranges[i];

        owed_add(&delivery->owed, range->from,
                 range->end < delivery->next ? range->end : delivery->next);
    }
    delivery->lost += lost;
    lose_below(delivery, ring_first(delivery->ring));
}

uint64_t delivery_position(const struct delivery *delivery, struct owed *position)
{
    uint64_t first = ring_first(delivery->ring);
    uint64_t lost = delivery->lost;

    *position = delivery->owed;
    for (size_t i = 0; i < delivery->count; i++) {
        uint64_t number = delivery->under_way[(delivery->oldest + i) % DELIVERY_UNDER_WAY].number;

        owed_add(position, number, number + 1);
        lost += number < first;
    }
    settling_list(&delivery->settling, position);
    owed_forget(position, first);
    owed_add(position, delivery->next, UINT64_MAX);
    return lost;
}

/* Notes when one was taken that is lost; one that cannot be read leaves no trace. */
static void note(struct delivery *delivery, struct loss *loss, uint64_t number)
{
    if (cursor_read(&delivery->cursor, delivery->ring, number, &delivery->snapshot))
        loss_note(loss, delivery->snapshot.timestamp_s);
}

void delivery_evict(struct delivery *delivery, uint64_t end)
{
    struct loss loss = {0};
    uint64_t oldest = 0;
    uint64_t newest = 0;

    if (!owed_newest(&delivery->owed, end, &newest))
        return;
    owed_oldest(&delivery->owed, &oldest);
    note(delivery, &loss, oldest);
    if (newest != oldest)
        note(delivery, &loss, newest);
    loss.snapshots = owed_forget(&delivery->owed, end);
    lose(delivery, &loss);
}

/* What goes next. false: nothing is owed. `*paced` says whether it has to wait for its turn. */
static bool pick(const struct delivery *delivery, uint64_t *number, bool *paced)
{
    *paced = true;
    if (!owed_newest(&delivery->owed, UINT64_MAX, number))
        return false;
    if (*number + 1 == ring_end(delivery->ring))
        *paced = *number < delivery->live;
    else
        owed_oldest(&delivery->owed, number);
    return true;
}

/* Reads that snapshot. false: memory is short. What is missing in the ring is lost, and then
 * `*number` is the one behind it, which goes twice at worst. */
static bool read_owed(struct delivery *delivery, uint64_t *number)
{
    if (*number + 1 == ring_end(delivery->ring))
        return ring_newest(delivery->ring, &delivery->snapshot) == 0;
    delivery->cursor.next = *number;
    if (!cursor_next(&delivery->cursor, delivery->ring, &delivery->snapshot))
        return false;
    *number = delivery->cursor.next - 1;
    lose_below(delivery, *number);
    return true;
}

static size_t unsent(const struct delivery *delivery)
{
    return delivery->text.len - delivery->text_sent;
}

/* The memory is kept for the next one. */
static void forget_text(struct delivery *delivery)
{
    bytes_cut(&delivery->text, 0);
    delivery->text_sent = 0;
}

/* Begins the next snapshot. false: none, it has to wait, or memory is short. */
static bool begin(struct delivery *delivery, int64_t now_ns)
{
    uint64_t number = 0;
    bool paced = false;

    if (delivery->count == DELIVERY_UNDER_WAY || !pick(delivery, &number, &paced) ||
        (paced && pace_wait_ns(&delivery->pace, now_ns) > 0) || !read_owed(delivery, &number) ||
        text_lines(&delivery->text, delivery->series, &delivery->snapshot) < 0)
        return false;

    if (paced)
        pace_charge_old(&delivery->pace, delivery->snapshot.count, now_ns);
    else
        pace_charge_live(&delivery->pace, delivery->snapshot.count, now_ns);
    if (number + 1 == ring_end(delivery->ring))
        delivery->live = number + 1;
    owed_remove(&delivery->owed, number);
    delivery->under_way[(delivery->oldest + delivery->count++) % DELIVERY_UNDER_WAY] =
        (struct settling_entry){number, delivery->snapshot.timestamp_s,
                                delivery->sent_bytes + delivery->text.len};
    return true;
}

const void *delivery_peek(struct delivery *delivery, int64_t now_ns, size_t *len)
{
    while (unsent(delivery) == 0)
        if (!begin(delivery, now_ns))
            return NULL;
    *len = unsent(delivery);
    return delivery->text.data + delivery->text_sent;
}

int64_t delivery_wait_ns(const struct delivery *delivery, int64_t now_ns)
{
    uint64_t number = 0;
    bool paced = false;

    if (delivery->count == DELIVERY_UNDER_WAY || unsent(delivery) > 0 ||
        !pick(delivery, &number, &paced) || !paced)
        return 0;
    return pace_wait_ns(&delivery->pace, now_ns);
}

void delivery_sent(struct delivery *delivery, size_t len)
{
    delivery->text_sent += len;
    if (unsent(delivery) == 0)
        forget_text(delivery);
    delivery->sent_bytes += len;
}

/* Takes the oldest one from the queue. */
static struct settling_entry take_oldest(struct delivery *delivery)
{
    struct settling_entry entry = delivery->under_way[delivery->oldest];

    delivery->oldest = (delivery->oldest + 1) % DELIVERY_UNDER_WAY;
    delivery->count--;
    return entry;
}

void delivery_acked(struct delivery *delivery, uint64_t unacked, int64_t now_ns)
{
    uint64_t acked = unacked < delivery->sent_bytes ? delivery->sent_bytes - unacked : 0;

    while (delivery->count > 0 && delivery->under_way[delivery->oldest].end <= acked) {
        struct settling_entry entry = take_oldest(delivery);

        settling_add(&delivery->settling, &entry, now_ns);
        delivery->acked++;
        delivery->acked_ns = now_ns;
    }
}

void delivery_broke(struct delivery *delivery, int64_t now_ns)
{
    uint64_t first = ring_first(delivery->ring);
    struct loss gone = {0};

    while (delivery->count > 0) {
        struct settling_entry entry = take_oldest(delivery);

        if (entry.number >= first) {
            owed_add(&delivery->owed, entry.number, entry.number + 1);
        } else {
            gone.snapshots++;
            loss_note(&gone, entry.timestamp_s);
        }
    }
    settling_break(&delivery->settling, now_ns, first, &delivery->owed, &gone);
    lose(delivery, &gone);
    forget_text(delivery);
}

struct loss delivery_take_loss(struct delivery *delivery)
{
    struct loss loss = delivery->loss;

    delivery->loss = (struct loss){0};
    return loss;
}

struct delivery_counts delivery_counts(const struct delivery *delivery)
{
    return (struct delivery_counts){
        .owed = owed_count(&delivery->owed),
        .under_way = delivery->count,
        .acked = delivery->acked,
        .acked_ns = delivery->acked_ns,
        .lost = delivery->lost,
        .loss = delivery->loss,
    };
}
