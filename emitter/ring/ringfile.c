#include "emitter/ring/ringfile.h"

#include "base/crc.h"
#include "emitter/ring/blocks.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t magic[] = {'A', 'L', 'T', 'I', 'R', 'I', 'N', 'G'};

enum {
    VERSION_AT = 8,
    ENCODING_AT = 12,
    DATA_BYTES_AT = 16,
    CRC_AT = 24,
    HEADER_BYTES = 28,
    SECOND_AT = RINGFILE_HEADERS_BYTES / 2
};

void ringfile_header(uint64_t data_bytes, uint8_t header[RINGFILE_HEADERS_BYTES])
{
    memset(header, 0, RINGFILE_HEADERS_BYTES);
    memcpy(header, magic, sizeof magic);
    bytes_put_u32(header + VERSION_AT, RINGFILE_VERSION);
    bytes_put_u32(header + ENCODING_AT, RINGFILE_ENCODING);
    bytes_put_u64(header + DATA_BYTES_AT, data_bytes);
    bytes_put_u32(header + CRC_AT, crc_add(0, header, CRC_AT));
    memcpy(header + SECOND_AT, header, HEADER_BYTES);
}

/* The data's size; 0: no header stands at `at`. */
static uint64_t read_header(const uint8_t *bytes, size_t len, size_t at, const char **why)
{
    const uint8_t *header = bytes + at;

    if (len < at + HEADER_BYTES || memcmp(header, magic, sizeof magic) != 0)
        return 0;
    *why = "its header is damaged";
    if (bytes_get_u32(header + CRC_AT) != crc_add(0, header, CRC_AT))
        return 0;
    *why = "it is of another version";
    if (bytes_get_u32(header + VERSION_AT) != RINGFILE_VERSION ||
        bytes_get_u32(header + ENCODING_AT) != RINGFILE_ENCODING)
        return 0;
    return bytes_get_u64(header + DATA_BYTES_AT);
}

/* The newest slot counts. The first write fills one, so that a file of a header only may have none.
 */
static void read_positions(struct ringfile *file, const uint8_t *bytes, size_t len)
{
    static const uint8_t never[8]; /* was a slot written that begins so */
    bool any = len == RINGFILE_HEADERS_BYTES;

    for (size_t at = RINGFILE_SLOT_AT; at < RINGFILE_DATA_AT && at < len; at += POSITIONS_BYTES) {
        struct positions found = {0};
        size_t rest = len - at < POSITIONS_BYTES ? len - at : POSITIONS_BYTES;

        if (positions_decode(&found, bytes + at, rest) < 0) {
            file->torn = file->torn ||
                         memcmp(bytes + at, never, rest < sizeof never ? rest : sizeof never) != 0;
            continue;
        }
        any = true;
        if (found.turn < file->positions.turn) {
            positions_clean(&found);
            continue;
        }
        positions_clean(&file->positions);
        file->positions = found;
    }
    file->torn = file->torn || !any;
}

static int add_block(struct ringfile *file, const struct ringfile_block *block)
{
    struct ringfile_block *blocks =
        reallocarray(file->blocks, file->count + 1, sizeof *file->blocks);

    if (!blocks)
        return -1;
    file->blocks = blocks;
    blocks[file->count++] = *block;
    return 0;
}

static int find_blocks(struct ringfile *file, const uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        struct ringfile_block block = {.bytes = data + at, .at = at};
        size_t next = at + BLOCKS_ALIGNMENT;

        if (block_measure(data + at, len - at, &block.extent) == 0) {
            if (block.extent.count > 0 && add_block(file, &block) < 0)
                return -1;
            /* Where a new one was written over its end, that begins right there. */
            next = at + block.extent.len + BLOCKS_ALIGNMENT - 1;
            next -= next % BLOCKS_ALIGNMENT;
        }
        at = next;
    }
    return 0;
}

/* By number; of one that is there twice (it was moved) the longer first. */
static int compare(const void *left, const void *right)
{
    const struct block_extent *a = &((const struct ringfile_block *)left)->extent;
    const struct block_extent *b = &((const struct ringfile_block *)right)->extent;

    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : 0;
}

/* Also what the ring had let go, and the file's circle has not come to yet. */
static void drop_doubles(struct ringfile *file)
{
    size_t kept = 0;
    uint64_t end = 0;

    if (file->count > 0)
        qsort(file->blocks, file->count, sizeof *file->blocks, compare);
    for (size_t i = 0; i < file->count; i++) {
        const struct block_extent *extent = &file->blocks[i].extent;

        if (extent->first < end || extent->first + extent->count <= file->positions.first)
            continue;
        end = extent->first + extent->count;
        file->blocks[kept++] = file->blocks[i];
    }
    file->count = kept;
}

/* What lay between two blocks, and what the positions say was there before the first and behind the
 * last. */
static void find_missing(struct ringfile *file)
{
    const struct positions *positions = &file->positions;
    uint64_t end = positions->first;

    for (size_t i = 0; i < file->count; i++) {
        const struct block_extent *extent = &file->blocks[i].extent;
        bool known = i == 0 ? end > 0 : extent->before != 0;

        if (known && extent->first > end)
            file->missing += extent->first - end;
        end = extent->first + extent->count;
    }
    file->damaged = file->damaged || file->missing > 0;
    if (file->count > 0 && file->blocks[file->count - 1].extent.torn)
        file->torn = true;
    if (positions->end > end) {
        file->missing += positions->end - end;
        file->torn = true;
    }
}

void ringfile_finish(struct ringfile *file)
{
    drop_doubles(file);
    find_missing(file);
}

int ringfile_scan(struct ringfile *file, const uint8_t *bytes, size_t len, const char **why)
{
    const char *unused = NULL;

    *why = "it is none of ours";
    uint64_t data_bytes = read_header(bytes, len, 0, why);
    bool damaged = data_bytes == 0;
    if (damaged)
        data_bytes = read_header(bytes, len, SECOND_AT, &unused);
    if (data_bytes == 0)
        return -1;
    file->damaged = file->damaged || damaged;
    file->data_bytes = data_bytes;
    read_positions(file, bytes, len);

    size_t rest = len > RINGFILE_DATA_AT ? len - RINGFILE_DATA_AT : 0;
    *why = "there is not enough memory";
    return find_blocks(file, bytes + (len - rest), rest < data_bytes ? rest : (size_t)data_bytes);
}

void ringfile_clean(struct ringfile *file)
{
    positions_clean(&file->positions);
    free(file->blocks);
    *file = (struct ringfile){0};
}
