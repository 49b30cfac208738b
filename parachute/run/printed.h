/*
 * What a command printed, made into lines: the first SUPERVISOR_LINES_MAX of them, each of at most
 * SUPERVISOR_LINE_MAX bytes, are kept to be shown; the rest is only counted, fast. A NUL becomes
 * a `?`.
 *
 * Errors: none. Threads: any; safe after a fork.
 */
#ifndef PARACHUTE_PRINTED_H
#define PARACHUTE_PRINTED_H

#include "parachute/run/supervisor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct printed_line {
    size_t len;
    char text[SUPERVISOR_LINE_MAX];
};

/* All zero: nothing yet. */
struct printed {
    size_t count;           /* of whole lines; the one behind them is being made */
    bool begun;             /* the last line, kept or not, has no end yet */
    uint64_t unshown_lines; /* that were not kept */
    uint64_t unshown_bytes; /* of these, and of what was cut; without the ends of lines */
    struct printed_line lines[SUPERVISOR_LINES_MAX];
};

void printed_add(struct printed *printed, const char *data, size_t len);

/* No more comes: an unfinished line is a line too. */
void printed_end(struct printed *printed);

#endif
