#include "agent/control/answer.h"

#include "agent/control/visible.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 8
#define GAP 2 /* between two columns */

static void add(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

static void add_formatted(struct bytes *bytes, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void add_formatted(struct bytes *bytes, const char *format, va_list args)
{
    char *text = NULL;
    int len = vasprintf(&text, format, args);

    if (len < 0) {
        bytes->failed = true;
        return;
    }
    visible_add(bytes, text, (size_t)len);
    free(text);
}

void answer_out(struct bytes *answer, const char *format, ...)
{
    va_list args;

    add(answer, "out ");
    va_start(args, format);
    add_formatted(answer, format, args);
    va_end(args);
    add(answer, "\n");
}

void answer_err(struct bytes *answer, const char *format, ...)
{
    va_list args;

    add(answer, "err ");
    va_start(args, format);
    add_formatted(answer, format, args);
    va_end(args);
    add(answer, "\n");
}

void answer_text(struct bytes *answer, const char *text, size_t len)
{
    const char *end = text + len;

    do {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;

        add(answer, "out ");
        visible_add(answer, text, (size_t)(stop - text));
        add(answer, "\n");
        text = stop + 1;
    } while (text < end);
}

void answer_exit(struct bytes *answer, int status)
{
    char line[32];

    snprintf(line, sizeof line, "exit %d\n", status);
    add(answer, line);
}

void answer_cell(struct answer_table *table, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_formatted(&table->cells, format, args);
    va_end(args);
    bytes_add(&table->cells, "", 1);
}

static void add_spaces(struct bytes *answer, size_t count)
{
    while (count-- > 0)
        add(answer, " ");
}

static void add_row(struct bytes *answer, const struct answer_table *table, const char **cell,
                    const size_t *widths)
{
    add(answer, "out ");
    for (size_t i = 0; i < table->columns; i++) {
        size_t len = strlen(*cell);
        size_t fill = widths[i] - visible_width(*cell, len);
        bool right = table->right >> i & 1;

        if (right)
            add_spaces(answer, fill);
        bytes_add(answer, *cell, len);
        if (i + 1 < table->columns)
            add_spaces(answer, GAP + (right ? 0 : fill));
        *cell += len + 1;
    }
    add(answer, "\n");
}

void answer_rows(struct bytes *answer, struct answer_table *table)
{
    const char *cells = (const char *)table->cells.data;
    const char *end = cells + table->cells.len;
    size_t widths[COLUMNS_MAX] = {0};
    size_t column = 0;

    if (table->cells.failed || table->columns > COLUMNS_MAX)
        answer->failed = true;
    for (const char *cell = cells; !answer->failed && cell < end; cell += strlen(cell) + 1) {
        size_t width = visible_width(cell, strlen(cell));

        if (width > widths[column])
            widths[column] = width;
        column = (column + 1) % table->columns;
    }
    while (!answer->failed && cells < end)
        add_row(answer, table, &cells, widths);
    bytes_clean(&table->cells);
}
