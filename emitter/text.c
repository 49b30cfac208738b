#include "emitter/text.h"

#include <event2/buffer.h>
#include <string.h>

#define NUMBER_MAX ((size_t)20) /* digits of the largest uint64_t */

/* What stands around the DataPoints. */
struct frame {
    const char *first; /* before the first one */
    const char *next;  /* before each other */
    const char *after; /* after each */
};

static char *put_text(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

/* Neither values nor timestamps are negative (SPEC 2). */
static char *put_number(char *at, uint64_t number)
{
    char digits[NUMBER_MAX];
    size_t start = sizeof digits;

    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put_text(at, digits + start, sizeof digits - start);
}

/* Writes into the buffer's own memory: one reservation and no copy for a snapshot. */
static int add(struct evbuffer *out, const struct series_table *series,
               const struct snapshot *snapshot, struct frame frame)
{
    size_t around = strlen(frame.next) + strlen(frame.after) + 2 + 2 * NUMBER_MAX;
    size_t bound = strlen(frame.first);
    struct evbuffer_iovec space = {0};
    char stamp[1 + NUMBER_MAX] = " ";
    size_t stamp_len = (size_t)(put_number(stamp + 1, (uint64_t)snapshot->timestamp_s) - stamp);

    for (size_t i = 0; i < snapshot->count; i++) {
        size_t len = 0;
        series_path(series, snapshot->series[i], &len);
        bound += around + len;
    }
    if (snapshot->count == 0)
        return 0;
    if (evbuffer_reserve_space(out, (ev_ssize_t)bound, &space, 1) != 1)
        return -1;

    char *at = space.iov_base;
    for (size_t i = 0; i < snapshot->count; i++) {
        const char *before = i == 0 ? frame.first : frame.next;
        size_t len = 0;
        const char *path = series_path(series, snapshot->series[i], &len);

        at = put_text(at, before, strlen(before));
        at = put_text(at, path, len);
        *at++ = ' ';
        at = put_number(at, (uint64_t)snapshot->values[i]);
        at = put_text(at, stamp, stamp_len);
        at = put_text(at, frame.after, strlen(frame.after));
    }
    space.iov_len = (size_t)(at - (char *)space.iov_base);
    return evbuffer_commit_space(out, &space, 1);
}

int text_lines(struct evbuffer *out, const struct series_table *series,
               const struct snapshot *snapshot)
{
    return add(out, series, snapshot, (struct frame){"", "", "\n"});
}

int text_json(struct evbuffer *out, const struct series_table *series,
              const struct snapshot *snapshot, bool first)
{
    return add(out, series, snapshot, (struct frame){first ? "  \"" : ",\n  \"", ",\n  \"", "\""});
}
