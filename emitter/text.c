#include "emitter/text.h"

#include <string.h>

#define NUMBER_MAX ((size_t)20) /* digits of the largest uint64_t */
#define TAIL_MAX ((size_t)32)   /* see struct tail */

/* What stands behind each value but the last: all is the same, and copied in one piece. */
struct tail {
    char text[TAIL_MAX]; /* " <timestamp>", and what lies between two DataPoints */
    size_t len;
};

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

static size_t count_digits(uint64_t number)
{
    size_t digits = 1;

    for (; number >= 10000; number /= 10000)
        digits += 4;
    return digits + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* Neither values nor timestamps are negative (SPEC 2). */
static char *put_number(char *at, uint64_t number)
{
    char *end = at + count_digits(number);
    char *digit = end;

    for (; number >= 100; number /= 100) {
        digit -= 2;
        memcpy(digit, pairs + number % 100 * 2, 2);
    }
    if (number >= 10)
        memcpy(at, pairs + number * 2, 2);
    else
        *at = (char)('0' + number);
    return end;
}

static char *put_text(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

static struct tail make_tail(int64_t timestamp_s, const char *between)
{
    struct tail tail = {.text = " "};
    char *end = put_number(tail.text + 1, (uint64_t)timestamp_s);

    tail.len = (size_t)(put_text(end, between, strlen(between)) - tail.text);
    return tail;
}

/* Of all of it; a tail is copied whole, however much of it counts. */
static size_t bound_bytes(const struct series_table *series, const struct snapshot *snapshot,
                          const char *before)
{
    size_t bound = strlen(before) + TAIL_MAX;

    for (size_t i = 0; i < snapshot->count; i++) {
        size_t len = 0;

        series_path(series, snapshot->series[i], &len);
        bound += len + 1 + NUMBER_MAX + TAIL_MAX;
    }
    return bound;
}

/*
 * Adds the DataPoints with `before` before the first, and `between` between two, of which the first
 * `closing` bytes also stand behind the last. One reservation
 * for a snapshot.
 */
static int add(struct bytes *out, const struct series_table *series,
               const struct snapshot *snapshot, const char *before, const char *between,
               size_t closing)
{
    const struct tail tail = make_tail(snapshot->timestamp_s, between);

    if (snapshot->count == 0)
        return 0;
    if (bytes_reserve(out, bound_bytes(series, snapshot, before)) < 0)
        return -1;

    char *at = put_text((char *)out->data + out->len, before, strlen(before));
    for (size_t i = 0; i < snapshot->count; i++) {
        size_t len = 0;
        const char *path = series_path(series, snapshot->series[i], &len);

        at = put_text(at, path, len);
        *at++ = ' ';
        at = put_number(at, (uint64_t)snapshot->values[i]);
        memcpy(at, tail.text, TAIL_MAX);
        at += tail.len;
    }
    at -= strlen(between) - closing;
    out->len = (size_t)(at - (char *)out->data);
    return 0;
}

int text_lines(struct bytes *out, const struct series_table *series,
               const struct snapshot *snapshot)
{
    return add(out, series, snapshot, "", "\n", 1);
}

int text_json(struct bytes *out, const struct series_table *series, const struct snapshot *snapshot,
              bool first)
{
    return add(out, series, snapshot, first ? "  \"" : ",\n  \"", "\",\n  \"", 1);
}
