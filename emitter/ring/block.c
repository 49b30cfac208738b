#include "emitter/ring/block.h"

#include "base/crc.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t magic[] = {'R', 'B', 'L', 'K'};

#define BYTES_MOST ((size_t)16 << 10) /* or, where snapshots are large: */
#define FIRSTS_MOST 8                 /* times its first snapshot */

enum { CRC_AT = 4, FIRST_AT = 8, BEFORE_AT = 16, HEADER_BYTES = 24 };

uint64_t block_end(const struct block *block)
{
    return block->first + block->count;
}

static struct layout *newest(const struct block *block)
{
    return block->run_count > 0 ? block->runs[block->run_count - 1].layout : NULL;
}

/* The next snapshot begins a run; takes the layout over, if it succeeds. */
static int add_run(struct block *block, struct layout *layout)
{
    struct block_run *runs = reallocarray(block->runs, block->run_count + 1, sizeof *runs);

    if (!runs)
        return -1;
    block->runs = runs;
    runs[block->run_count++] = (struct block_run){block->count, layout};
    return 0;
}

static void drop_run(struct block *block, struct series_table *table)
{
    layout_release(block->runs[--block->run_count].layout, table);
}

struct block *block_new(struct frame_writer *writer, uint64_t first, uint64_t before)
{
    struct block *block = calloc(1, sizeof *block);
    uint8_t header[HEADER_BYTES];

    if (!block)
        return NULL;
    memcpy(header, magic, sizeof magic);
    bytes_put_u64(header + FIRST_AT, first);
    bytes_put_u64(header + BEFORE_AT, before);
    uint32_t crc = crc_add(0, header + FIRST_AT, HEADER_BYTES - FIRST_AT);
    bytes_put_u32(header + CRC_AT, crc);
    block->at = BLOCK_UNPLACED;
    block->first = first;
    bytes_add(&block->bytes, header, HEADER_BYTES);
    if (block->bytes.failed) {
        free(block);
        return NULL;
    }
    frame_start(writer, crc);
    return block;
}

void block_free(struct block *block, struct series_table *table)
{
    if (!block)
        return;
    while (block->run_count > 0)
        drop_run(block, table);
    free(block->runs);
    bytes_clean(&block->bytes);
    free(block);
}

int block_add(struct block *block, struct frame_writer *writer, struct series_table *table,
              const struct snapshot *snapshot)
{
    struct layout *before = newest(block);
    struct layout *layout = before;
    size_t len = block->bytes.len;

    if (!layout_is(before, snapshot->series, snapshot->count)) {
        layout = layout_new(table, snapshot->series, snapshot->count);
        if (!layout || add_run(block, layout) < 0) {
            layout_release(layout, table);
            return -1;
        }
    }
    if (frame_add(&block->bytes, writer, table, before, layout, snapshot) == 0) {
        block->count++;
        if (block->count == 1)
            block->first_len = block->bytes.len;
        return 0;
    }
    bytes_cut(&block->bytes, len);
    if (layout != before)
        drop_run(block, table);
    return -1;
}

size_t block_bytes_most(const struct block *block)
{
    size_t most = block->first_len * FIRSTS_MOST;

    return most > BYTES_MOST ? most : BYTES_MOST;
}

/* A DataPoint takes less than a byte (see emitter/ring/codec.h). */
void block_expect(struct block *block, size_t more)
{
    size_t room = newest(block)->count * more;
    size_t most = block_bytes_most(block);

    bytes_reserve(&block->bytes, room < most ? room : most);
}

/* Adds a frame that lies behind the others already. */
static int load_frame(struct block *block, struct frame_writer *writer, struct series_table *table,
                      const struct frame *frame, struct snapshot *scratch)
{
    struct layout *before = newest(block);
    struct layout *layout = frame_layout(frame, table, before);

    if (!layout)
        return -1;
    if (frame_read(frame, &writer->codec, layout, scratch) < 0 ||
        (layout != before && add_run(block, layout) < 0)) {
        layout_release(layout, table);
        return -1;
    }
    if (layout == before)
        layout_release(layout, table);
    writer->chain = frame->crc;
    block->count++;
    return 0;
}

struct block *block_load(struct frame_writer *writer, struct bytes *bytes,
                         struct series_table *table)
{
    struct block *block = calloc(1, sizeof *block);
    struct snapshot scratch = {0};
    struct frame frame;

    if (!block || bytes->len < HEADER_BYTES) {
        bytes_clean(bytes);
        free(block);
        return NULL;
    }
    block->at = BLOCK_UNPLACED;
    block->bytes = *bytes;
    *bytes = (struct bytes){0};
    block->first = bytes_get_u64(block->bytes.data + FIRST_AT);
    frame_start(writer, bytes_get_u32(block->bytes.data + CRC_AT));

    struct bytes_in in = {block->bytes.data + HEADER_BYTES, block->bytes.data + block->bytes.len,
                          false};
    size_t sound = HEADER_BYTES;
    while (frame_take(&in, &frame) == 0 && load_frame(block, writer, table, &frame, &scratch) == 0)
        sound = (size_t)(in.at - block->bytes.data);
    writer->broken = block->count == 0 || sound < block->bytes.len;
    bytes_cut(&block->bytes, sound);
    bytes_trim(&block->bytes);
    snapshot_clean(&scratch);
    if (block->count > 0)
        return block;
    block_free(block, table);
    return NULL;
}

int block_measure(const uint8_t *bytes, size_t len, struct block_extent *extent)
{
    if (len < HEADER_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return -1;
    uint32_t chain = bytes_get_u32(bytes + CRC_AT);
    if (chain != crc_add(0, bytes + FIRST_AT, HEADER_BYTES - FIRST_AT))
        return -1;

    *extent = (struct block_extent){.first = bytes_get_u64(bytes + FIRST_AT),
                                    .before = bytes_get_u64(bytes + BEFORE_AT),
                                    .len = HEADER_BYTES};
    struct bytes_in in = {bytes + HEADER_BYTES, bytes + len, false};
    struct frame frame;
    while (frame_take(&in, &frame) == 0 && frame_sound(&frame, chain)) {
        chain = frame.crc;
        extent->count++;
        extent->len = (size_t)(in.at - bytes);
    }
    if (extent->first == 0 || extent->first > UINT64_MAX / 2)
        return -1;
    extent->torn = extent->len < len && bytes[extent->len] != 0;
    return 0;
}

void block_renumber(struct bytes *bytes, uint64_t shift, bool gap)
{
    uint8_t *header = bytes->data;
    uint64_t before = bytes_get_u64(header + BEFORE_AT);
    struct bytes_in in = {bytes->data + HEADER_BYTES, bytes->data + bytes->len, false};
    struct frame frame;

    bytes_put_u64(header + FIRST_AT, bytes_get_u64(header + FIRST_AT) + shift);
    bytes_put_u64(header + BEFORE_AT, before == 0 || gap ? 0 : before + shift);
    uint32_t chain = crc_add(0, header + FIRST_AT, HEADER_BYTES - FIRST_AT);
    bytes_put_u32(header + CRC_AT, chain);
    while (frame_take(&in, &frame) == 0)
        chain = frame_reseal(bytes->data + (frame.payload - bytes->data), frame.payload_len, chain);
}

void place_clean(struct place *place)
{
    codec_clean(&place->codec);
    *place = (struct place){0};
}

static void rewind_to(struct place *place, const struct block *block)
{
    codec_reset(&place->codec);
    place->block = block->first;
    place->index = 0;
    place->offset = HEADER_BYTES;
    place->run = 0;
}

static int step(const struct block *block, struct place *place, struct snapshot *out)
{
    const uint8_t *end = block->bytes.data + block->bytes.len;
    struct bytes_in in = {block->bytes.data + place->offset, end, false};
    struct frame frame;
    size_t run = place->run;

    if (run + 1 < block->run_count && block->runs[run + 1].index == place->index)
        run++;
    if (frame_take(&in, &frame) < 0 ||
        frame_read(&frame, &place->codec, block->runs[run].layout, out) < 0)
        return -1;
    place->run = run;
    place->offset = (size_t)(in.at - block->bytes.data);
    place->index++;
    return 0;
}

int block_read(const struct block *block, struct place *place, uint32_t index, struct snapshot *out)
{
    if (place->block != block->first || place->index > index)
        rewind_to(place, block);
    while (place->index <= index) {
        if (step(block, place, out) < 0) {
            place->block = 0; /* the codec may be anywhere */
            return -1;
        }
    }
    return 0;
}
