/*
 * Small files that are read whole: the configuration and the token.
 *
 * Errors: NULL, and `why` points to a text that goes on from "must be a file ...". Threads: any.
 */
#ifndef AGENT_FILE_H
#define AGENT_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct file_rule {
    size_t max_bytes; /* no more than one byte beyond it is ever read */
    bool secret;      /* only a regular file to which others have no access; else a pipe will do */
};

/* The bytes, and a NUL after them that `*len` does not count; to be freed. */
char *file_read(const char *path, const struct file_rule *rule, size_t *len, const char **why);

#endif
