#include "emitter/ring/frame.h"

#include "base/crc.h"
#include "emitter/ring/paths.h"

#include <stdlib.h>
#include <string.h>

#define CRC_BYTES 4
#define PATH_BYTES_MOST ((size_t)64 << 20) /* of a layout's paths that come in */

void frame_start(struct frame_writer *writer, uint32_t chain)
{
    codec_reset(&writer->codec);
    writer->chain = chain;
    writer->broken = false;
}

void frame_writer_clean(struct frame_writer *writer)
{
    codec_clean(&writer->codec);
    bytes_clean(&writer->payload);
}

/* Says which series are other than before: most often a few in the middle. */
static int add_change(struct frame_writer *writer, const struct series_table *table,
                      const struct layout *before, const struct layout *after)
{
    size_t kept = before ? before->count : 0;
    size_t most = kept < after->count ? kept : after->count;
    size_t front = 0;
    size_t back = 0;
    struct bytes paths = {0};

    while (front < most && before->series[front] == after->series[front])
        front++;
    while (back < most - front &&
           before->series[kept - 1 - back] == after->series[after->count - 1 - back])
        back++;

    size_t added = after->count - front - back;
    paths_add(&paths, table, after->series + front, added);
    bytes_add_varint(&writer->payload, 1);
    bytes_add_varint(&writer->payload, front);
    bytes_add_varint(&writer->payload, back);
    bytes_add_varint(&writer->payload, added);
    bytes_add_varint(&writer->payload, paths.len);
    bytes_add(&writer->payload, paths.data, paths.len);
    writer->payload.failed |= paths.failed;
    bytes_clean(&paths);
    return codec_change(&writer->codec, front, back, added);
}

int frame_add(struct bytes *out, struct frame_writer *writer, const struct series_table *table,
              const struct layout *before, const struct layout *after,
              const struct snapshot *snapshot)
{
    struct bytes *payload = &writer->payload;
    uint8_t crc[CRC_BYTES];

    if (writer->broken)
        return -1;
    writer->broken = true;
    bytes_cut(payload, 0);
    if (before == after)
        bytes_add_varint(payload, 0);
    else if (add_change(writer, table, before, after) < 0)
        return -1;
    if (codec_encode(&writer->codec, snapshot->timestamp_s, snapshot->values, payload) < 0 ||
        payload->failed)
        return -1;

    writer->chain = crc_add(writer->chain, payload->data, payload->len);
    bytes_put_u32(crc, writer->chain);
    bytes_add_varint(out, payload->len);
    bytes_add(out, crc, sizeof crc);
    bytes_add(out, payload->data, payload->len);
    writer->broken = out->failed;
    return out->failed ? -1 : 0;
}

int frame_take(struct bytes_in *in, struct frame *frame)
{
    *frame = (struct frame){0};
    frame->payload_len = bytes_take_varint(in);
    const uint8_t *crc = bytes_take(in, CRC_BYTES);
    frame->payload = bytes_take(in, frame->payload_len);
    if (in->failed || frame->payload_len == 0)
        return -1;
    frame->crc = bytes_get_u32(crc);

    struct bytes_in rest = {frame->payload, frame->payload + frame->payload_len, false};
    uint64_t change = bytes_take_varint(&rest);
    if (change == 1) {
        frame->changed = true;
        frame->front = bytes_take_varint(&rest);
        frame->back = bytes_take_varint(&rest);
        frame->added = bytes_take_varint(&rest);
        size_t len = bytes_take_varint(&rest);
        const uint8_t *paths = bytes_take(&rest, len);
        frame->paths = (struct bytes_in){paths, paths ? paths + len : NULL, false};
    }
    frame->values = rest;
    return rest.failed || change > 1 ? -1 : 0;
}

bool frame_sound(const struct frame *frame, uint32_t chain)
{
    return frame->crc == crc_add(chain, frame->payload, frame->payload_len);
}

uint32_t frame_reseal(uint8_t *payload, size_t len, uint32_t chain)
{
    uint32_t crc = crc_add(chain, payload, len);

    bytes_put_u32(payload - CRC_BYTES, crc);
    return crc;
}

/* Interns the paths that come in. Gives how many were; all of them, unless something is wrong.
 * Three bytes can name the longest path, so how much memory they ask for is looked at apart. */
static size_t intern(const struct frame *frame, struct series_table *table, uint32_t *series)
{
    struct bytes_in paths = frame->paths;
    char path[PATHS_LONGEST + 1];
    size_t len = 0;
    size_t count = 0;
    size_t all = 0;

    while (count < frame->added && paths_take(&paths, path, &len) == 0) {
        all += len;
        if (all > PATH_BYTES_MOST)
            break;
        series[count] = series_intern_path(table, path, len);
        if (series[count] == SERIES_NONE)
            break;
        count++;
    }
    return count;
}

struct layout *frame_layout(const struct frame *frame, struct series_table *table,
                            struct layout *before)
{
    size_t kept = before ? before->count : 0;

    if (!frame->changed)
        return before ? layout_hold(before) : NULL;
    /* Each path takes two bytes at least, so that what is asked for is bounded by what is there. */
    if (frame->front > kept || frame->back > kept - frame->front ||
        frame->added > (size_t)(frame->paths.end - frame->paths.at) / 2)
        return NULL;

    struct layout *layout = NULL;
    size_t count = frame->front + frame->added + frame->back;
    uint32_t *series = calloc(count + 1, sizeof *series);
    if (!series)
        return NULL;
    size_t interned = intern(frame, table, series + frame->front);
    if (frame->front > 0)
        memcpy(series, before->series, frame->front * sizeof *series);
    if (frame->back > 0)
        memcpy(series + count - frame->back, before->series + kept - frame->back,
               frame->back * sizeof *series);
    if (interned == frame->added)
        layout = layout_new(table, series, count);
    for (size_t i = 0; i < interned; i++)
        series_release(table, series[frame->front + i]);
    free(series);
    return layout;
}

int frame_read(const struct frame *frame, struct codec *codec, const struct layout *layout,
               struct snapshot *out)
{
    size_t len = (size_t)(frame->values.end - frame->values.at);

    if (frame->changed && codec_change(codec, frame->front, frame->back, frame->added) < 0)
        return -1;
    snapshot_clear(out, 0);
    if (snapshot_reserve(out, layout->count) < 0 ||
        codec_decode(codec, frame->values.at, len, &out->timestamp_s, out->values) < 0)
        return -1;
    if (layout->count > 0)
        memcpy(out->series, layout->series, layout->count * sizeof *out->series);
    out->count = layout->count;
    return 0;
}
