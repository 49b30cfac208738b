/*
 * The series: each path that is emitted is kept once and has a number, so that a snapshot is
 * numbers only and a tick handles no text.
 *
 * A series lives as long as somebody holds it: series_intern and series_hold take a hold,
 * series_release gives it back, and with the last hold the number is free for another path. So
 * mounts that come and go for years cost nothing.
 *
 * Errors: SERIES_NONE or -1 where memory is short. Threads: the loop's thread only.
 */
#ifndef BASE_SERIES_H
#define BASE_SERIES_H

#include <stddef.h>
#include <stdint.h>

#define SERIES_NONE UINT32_MAX

struct series_table;

/* `prefix` is the namespace, without a dot at its end; copied. */
struct series_table *series_table_new(const char *prefix);
void series_table_free(struct series_table *table);

/*
 * The number of `<namespace>.<specific>`, the same for the same text. `specific` is a printf
 * format; its result must be nodes separated by dots. Gives SERIES_NONE where memory is short.
 */
uint32_t series_intern(struct series_table *table, const char *specific, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a whole path, which may have another namespace. */
uint32_t series_intern_path(struct series_table *table, const char *path, size_t len);

void series_hold(struct series_table *table, uint32_t series);

/* SERIES_NONE is accepted and ignored. */
void series_release(struct series_table *table, uint32_t series);

/* The whole path and its length in bytes; borrowed until the series' last hold is released. */
const char *series_path(const struct series_table *table, uint32_t series, size_t *len);

/* How many series are held now. */
size_t series_count(const struct series_table *table);

#endif
