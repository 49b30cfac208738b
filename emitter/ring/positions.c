#include "emitter/ring/positions.h"

#include "base/crc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[] = {'R', 'P', 'O', 'S'};

enum { CRC_AT = 4, LEN_AT = 8, TURN_AT = 12, FIRST_AT = 20, END_AT = 28, TARGETS_AT = 36 };

void positions_restart(struct positions *positions)
{
    positions->count = 0;
}

/* Room for one more. */
static int extend(struct positions *positions)
{
    struct position *list =
        reallocarray(positions->list, positions->kept + 1, sizeof *positions->list);

    if (!list)
        return -1;
    positions->list = list;
    list[positions->kept++] = (struct position){0};
    return 0;
}

int positions_add(struct positions *positions, const char *name, uint64_t lost,
                  const struct owed *owed)
{
    if (positions->count == positions->kept && extend(positions) < 0)
        return -1;

    struct position *position = &positions->list[positions->count];
    if (!position->name || strcmp(position->name, name) != 0) {
        free(position->name);
        position->name = strdup(name);
    }
    if (!position->name)
        return -1;
    position->lost = lost;
    position->owed = *owed;
    positions->count++;
    return 0;
}

const struct position *positions_find(const struct positions *positions, const char *name)
{
    for (size_t i = 0; i < positions->count; i++)
        if (strcmp(positions->list[i].name, name) == 0)
            return &positions->list[i];
    return NULL;
}

static void encode_target(const struct position *position, bool join, struct bytes *out)
{
    const struct owed *owed = &position->owed;
    size_t count = join && owed->count > 1 ? 1 : owed->count;
    uint64_t before = 0;

    bytes_add_varint(out, strlen(position->name));
    bytes_add(out, position->name, strlen(position->name));
    bytes_add_varint(out, position->lost);
    bytes_add_varint(out, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t end = owed->ranges[join ? owed->count - 1 : i].end;

        bytes_add_varint(out, owed->ranges[i].from - before);
        bytes_add_varint(out, end - owed->ranges[i].from);
        before = end;
    }
}

/* Gives the slot's length; 0: it is too long for its room, or memory is short. */
static size_t encode(const struct positions *positions, size_t count, bool join, struct bytes *out)
{
    size_t start = out->len;
    uint8_t header[TARGETS_AT];

    memcpy(header, magic, sizeof magic);
    bytes_put_u64(header + TURN_AT, positions->turn);
    bytes_put_u64(header + FIRST_AT, positions->first);
    bytes_put_u64(header + END_AT, positions->end);
    bytes_add(out, header, sizeof header);
    for (size_t i = 0; i < count; i++)
        encode_target(&positions->list[i], join, out);
    size_t len = out->len - start;
    if (out->failed || len > POSITIONS_BYTES)
        return 0;

    uint8_t *slot = out->data + start;
    bytes_put_u32(slot + LEN_AT, (uint32_t)(len - TURN_AT));
    bytes_put_u32(slot + CRC_AT, crc_add(0, slot + LEN_AT, len - LEN_AT));
    return len;
}

int positions_encode(const struct positions *positions, struct bytes *out)
{
    size_t start = out->len;
    size_t count = positions->count;
    bool join = false;

    while (encode(positions, count, join, out) == 0) {
        bytes_cut(out, start);
        if (count == 0)
            return -1;
        if (join)
            count--;
        join = true;
    }
    return 0;
}

static int decode_target(struct positions *positions, struct bytes_in *in)
{
    size_t len = bytes_take_varint(in);
    const uint8_t *text = bytes_take(in, len);
    uint64_t lost = bytes_take_varint(in);
    size_t ranges = bytes_take_varint(in);
    struct owed owed = {0};
    uint64_t before = 0;

    if (in->failed || ranges > OWED_RANGES)
        return -1;
    for (size_t i = 0; i < ranges; i++) {
        uint64_t gap = bytes_take_varint(in);
        uint64_t count = bytes_take_varint(in);

        if (in->failed || gap > UINT64_MAX - before || count > UINT64_MAX - before - gap)
            return -1;
        owed_add(&owed, before + gap, before + gap + count);
        before += gap + count;
    }

    char *name = strndup((const char *)text, len);
    int added = name ? positions_add(positions, name, lost, &owed) : -1;
    free(name);
    return added;
}

int positions_decode(struct positions *positions, const uint8_t *slot, size_t len)
{
    if (len < TARGETS_AT || memcmp(slot, magic, sizeof magic) != 0)
        return -1;
    uint32_t rest = bytes_get_u32(slot + LEN_AT);
    if (rest > len - TURN_AT || rest < TARGETS_AT - TURN_AT ||
        bytes_get_u32(slot + CRC_AT) != crc_add(0, slot + LEN_AT, TURN_AT - LEN_AT + rest))
        return -1;

    struct bytes_in in = {slot + TARGETS_AT, slot + TURN_AT + rest, false};
    while (in.at < in.end) {
        if (decode_target(positions, &in) < 0) {
            positions_clean(positions);
            return -1;
        }
    }
    positions->turn = bytes_get_u64(slot + TURN_AT);
    positions->first = bytes_get_u64(slot + FIRST_AT);
    positions->end = bytes_get_u64(slot + END_AT);
    return 0;
}

void positions_renumber(struct positions *positions, uint64_t shift, uint64_t end)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct owed before = positions->list[i].owed;

        positions->list[i].owed = (struct owed){0};
        for (size_t k = 0; k < before.count; k++) {
            uint64_t most = end - shift; /* the end in the numbers of before */
            uint64_t to = before.ranges[k].end < most ? before.ranges[k].end : most;

            if (before.ranges[k].from < to)
                owed_add(&positions->list[i].owed, before.ranges[k].from + shift, to + shift);
        }
    }
}

void positions_clean(struct positions *positions)
{
    for (size_t i = 0; i < positions->kept; i++)
        free(positions->list[i].name);
    free(positions->list);
    *positions = (struct positions){0};
}
