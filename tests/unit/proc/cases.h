/*
 * For tests that are folders: each folder is a case, with input files and an `expected` one.
 * Texts are owned by the caller. What cannot be read fails the test.
 */
#ifndef TESTS_UNIT_PROC_CASES_H
#define TESTS_UNIT_PROC_CASES_H

#include "base/series.h"
#include "base/snapshot.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CASES_PREFIX "p"

static inline char *cases_read(const char *path, size_t *len)
{
    struct stat st = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0)
        fail_msg("%s: cannot be read", path);
    char *text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(text);
    assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
    close(fd);
    if (len)
        *len = (size_t)st.st_size;
    return text;
}

static inline void cases_write(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

/* The snapshot's DataPoints as lines `<path without prefix> <value>`. */
static inline char *cases_text(const struct series_table *series, const struct snapshot *snapshot)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_false(snapshot->failed);
    for (size_t i = 0; i < snapshot->count; i++) {
        size_t len = 0;
        const char *path = series_path(series, snapshot->series[i], &len);

        fprintf(out, "%s %" PRId64 "\n", path + sizeof CASES_PREFIX, snapshot->values[i]);
    }
    fclose(out);
    return text;
}

/* Runs each folder in `parent`; at least one must be there. */
static inline void cases_each(const char *parent, void (*run)(const char *folder))
{
    struct dirent **entries = NULL;
    int count = scandir(parent, &entries, NULL, alphasort);
    int cases = 0;

    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        char folder[512];

        snprintf(folder, sizeof folder, "%s/%s", parent, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            print_message("  %s\n", folder);
            run(folder);
            cases++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_true(cases > 0);
}

static inline void cases_expect(const char *folder, const char *text)
{
    char path[600];

    snprintf(path, sizeof path, "%s/expected", folder);
    char *expected = cases_read(path, NULL);
    assert_string_equal(text, expected);
    free(expected);
}

#endif
