#include "emitter/ring/paths.h"

#include "base/node.h"

#include <stdbool.h>
#include <string.h>

static bool valid(const char *path, size_t len)
{
    size_t nodes = 1;
    size_t node_len = 0;

    if (len > PATHS_LONGEST)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (path[i] == '.' && node_len > 0) {
            nodes++;
            node_len = 0;
        } else if (!node_byte(path[i]) || ++node_len > NODE_MAX) {
            return false;
        }
    }
    return nodes > 1 && node_len > 0;
}

void paths_add(struct bytes *out, const struct series_table *table, const uint32_t *series,
               size_t count)
{
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        size_t common = 0;
        const char *path = series_path(table, series[i], &len);

        if (!valid(path, len)) {
            out->failed = true;
            return;
        }
        while (common < len && path[common] == before[common])
            common++;
        bytes_add_varint(out, common);
        bytes_add_varint(out, len - common);
        bytes_add(out, path + common, len - common);
        before = path;
    }
}

int paths_take(struct bytes_in *in, char path[PATHS_LONGEST + 1], size_t *len)
{
    uint64_t common = bytes_take_varint(in);
    uint64_t more = bytes_take_varint(in);

    if (in->failed || common > *len || more > PATHS_LONGEST - common)
        return -1;

    const uint8_t *rest = bytes_take(in, (size_t)more);
    if (!rest)
        return -1;
    memcpy(path + common, rest, (size_t)more);
    *len = (size_t)(common + more);
    path[*len] = '\0';
    return valid(path, *len) ? 0 : -1;
}
