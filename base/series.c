#include "base/series.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *path; /* NULL: the number is free */
    size_t len;
    uint32_t hash;
    uint32_t holds;
    uint32_t next; /* in its bucket, or in the list of free numbers */
};

struct series_table {
    char *prefix;
    struct entry *entries;
    uint32_t *buckets; /* as many as there are entries, a power of two */
    uint32_t capacity;
    uint32_t used;
    uint32_t free_list;
};

struct series_table *series_table_new(const char *prefix)
{
    struct series_table *table = calloc(1, sizeof *table);

    if (!table)
        return NULL;
    table->free_list = SERIES_NONE;
    table->prefix = strdup(prefix);
    if (!table->prefix) {
        free(table);
        return NULL;
    }
    return table;
}

void series_table_free(struct series_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; i < table->capacity; i++)
        free(table->entries[i].path);
    free(table->entries);
    free(table->buckets);
    free(table->prefix);
    free(table);
}

static void link_entry(struct series_table *table, uint32_t number)
{
    struct entry *entry = &table->entries[number];
    uint32_t *bucket = &table->buckets[entry->hash & (table->capacity - 1)];

    entry->next = *bucket;
    *bucket = number;
}

/* Doubles the numbers there are. The buckets are as many, so all that is linked is linked anew. */
static int grow(struct series_table *table)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : 128;
    struct entry *entries = reallocarray(table->entries, capacity, sizeof *entries);

    if (!entries)
        return -1;
    table->entries = entries;
    memset(entries + table->capacity, 0, (capacity - table->capacity) * sizeof *entries);

    uint32_t *buckets = malloc(capacity * sizeof *buckets);
    if (!buckets)
        return -1;
    memset(buckets, 0xff, capacity * sizeof *buckets); /* SERIES_NONE in each */
    free(table->buckets);
    table->buckets = buckets;

    uint32_t old = table->capacity;
    table->capacity = capacity;
    for (uint32_t i = 0; i < old; i++)
        if (entries[i].path)
            link_entry(table, i);
    for (uint32_t i = capacity; i-- > old;) {
        entries[i].next = table->free_list;
        table->free_list = i;
    }
    return 0;
}

static uint32_t find(const struct series_table *table, const char *path, size_t len, uint32_t hash)
{
    if (table->capacity == 0)
        return SERIES_NONE;
    uint32_t i = table->buckets[hash & (table->capacity - 1)];

    while (i != SERIES_NONE && (table->entries[i].hash != hash || table->entries[i].len != len ||
                                memcmp(table->entries[i].path, path, len) != 0))
        i = table->entries[i].next;
    return i;
}

static uint32_t add(struct series_table *table, const char *text, size_t len, uint32_t hash)
{
    char *path = strndup(text, len);

    if (!path || (table->free_list == SERIES_NONE && grow(table) < 0)) {
        free(path);
        return SERIES_NONE;
    }
    uint32_t number = table->free_list;
    struct entry *entry = &table->entries[number];

    table->free_list = entry->next;
    *entry = (struct entry){.path = path, .len = len, .hash = hash, .holds = 1};
    link_entry(table, number);
    table->used++;
    return number;
}

uint32_t series_intern_path(struct series_table *table, const char *path, size_t len)
{
    uint32_t hash = hash_bytes(path, len);
    uint32_t number = find(table, path, len, hash);

    if (number == SERIES_NONE)
        return add(table, path, len, hash);
    table->entries[number].holds++;
    return number;
}

uint32_t series_intern(struct series_table *table, const char *specific, ...)
{
    char *text = NULL;
    char *path = NULL;
    va_list args;

    va_start(args, specific);
    int len = vasprintf(&text, specific, args);
    va_end(args);
    if (len < 0)
        return SERIES_NONE;
    len = asprintf(&path, "%s.%s", table->prefix, text);
    free(text);
    if (len < 0)
        return SERIES_NONE;

    uint32_t number = series_intern_path(table, path, (size_t)len);
    free(path);
    return number;
}

void series_hold(struct series_table *table, uint32_t series)
{
    table->entries[series].holds++;
}

void series_release(struct series_table *table, uint32_t series)
{
    if (series == SERIES_NONE || --table->entries[series].holds > 0)
        return;

    struct entry *entry = &table->entries[series];
    uint32_t *link = &table->buckets[entry->hash & (table->capacity - 1)];
    while (*link != series)
        link = &table->entries[*link].next;
    *link = entry->next;

    free(entry->path);
    *entry = (struct entry){.next = table->free_list};
    table->free_list = series;
    table->used--;
}

const char *series_path(const struct series_table *table, uint32_t series, size_t *len)
{
    *len = table->entries[series].len;
    return table->entries[series].path;
}

size_t series_count(const struct series_table *table)
{
    return table->used;
}
