/*
 * What the agent answers an operator (agent/control/control.h), as lines: "out TEXT" and "err TEXT"
 * to be printed, "exit STATUS" at last; and tables of such lines. All text goes through
 * agent/control/visible.h.
 *
 * Errors: those of base/bytes.h: an answer for which memory was short is `failed`. Threads: any.
 */
#ifndef AGENT_ANSWER_H
#define AGENT_ANSWER_H

#include "base/bytes.h"

#include <stddef.h>

void answer_out(struct bytes *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void answer_err(struct bytes *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text's lines, each as one of the answer; at least one. */
void answer_text(struct bytes *answer, const char *text, size_t len);

void answer_exit(struct bytes *answer, int status);

/* A table whose columns are as wide as their widest cell. All zero but these two: empty. */
struct answer_table {
    size_t columns;
    unsigned right;     /* 1 << i: the column is aligned right */
    struct bytes cells; /* row by row, each ends with a NUL */
};

/* The next cell. */
void answer_cell(struct answer_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds the table's lines, and empties it. */
void answer_rows(struct bytes *answer, struct answer_table *table);

#endif
