/*
 * Small files that are read whole, the configuration and the token; and whether a file that a
 * library will read keeps the same rules.
 *
 * Errors: NULL or -1, and `why` points to a text that goes on from "must be a file ...". Threads:
 * any.
 */
#ifndef AGENT_FILE_H
#define AGENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct file_rule {
    size_t max_bytes;  /* no more than one byte beyond it is ever read */
    bool regular;      /* else a pipe will do */
    bool secret;       /* only a regular file to which others have no access */
    struct stat *seen; /* filled in with what was opened; NULL: nobody asks */
};

/* The bytes, and a NUL after them that `*len` does not count; to be freed. */
char *file_read(const char *path, const struct file_rule *rule, size_t *len, const char **why);

/* Whether it could be opened for reading now; its size and content are not looked at. */
int file_check(const char *path, const struct file_rule *rule, const char **why);

#endif
