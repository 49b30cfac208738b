#include "parachute/run/printed.h"

#include <string.h>

static void keep(struct printed *printed, const char *data, size_t len)
{
    struct printed_line *line = &printed->lines[printed->count];
    size_t room = sizeof line->text - line->len;
    size_t kept = len < room ? len : room;

    for (size_t i = 0; i < kept; i++)
        line->text[line->len + i] = (char)(data[i] ? data[i] : '?');
    line->len += kept;
    printed->unshown_bytes += len - kept;
}

static void count(struct printed *printed, const char *data, size_t len)
{
    size_t ends = 0;

    if (len == 0)
        return;
    for (size_t i = 0; i < len; i++)
        ends += data[i] == '\n';
    printed->unshown_lines += ends;
    printed->unshown_bytes += len - ends;
    printed->begun = data[len - 1] != '\n';
}

void printed_add(struct printed *printed, const char *data, size_t len)
{
    while (len > 0 && printed->count < SUPERVISOR_LINES_MAX) {
        const char *end = memchr(data, '\n', len);
        size_t part = end ? (size_t)(end - data) : len;

        keep(printed, data, part);
        printed->begun = !end;
        if (end)
            printed->count++;
        data += part + (end != NULL);
        len -= part + (end != NULL);
    }
    count(printed, data, len);
}

void printed_end(struct printed *printed)
{
    if (printed->begun && printed->count < SUPERVISOR_LINES_MAX)
        printed->count++;
    else if (printed->begun)
        printed->unshown_lines++;
    printed->begun = false;
}
