/*
 * What goes out on a connection: written at once, from where it lies. Only what the kernel does not
 * take is kept, to be written when it takes more.
 *
 * Errors: -1 where the connection is broken, or memory is short; it cannot go on then. Threads:
 * any, nothing is shared.
 */
#ifndef EMITTER_HTTP_OUTPUT_H
#define EMITTER_HTTP_OUTPUT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/* All zero but `fd`, which is borrowed: nothing is kept. */
struct http_output {
    int fd;
    struct bytes rest;
    size_t sent; /* of the rest */
};

/* The parts are borrowed for the call. Only while nothing is kept. */
int http_output_write(struct http_output *output, struct iovec *parts, size_t count);

/* Writes on. Gives how many bytes of what was kept the kernel took. */
ssize_t http_output_go_on(struct http_output *output);

bool http_output_is_empty(const struct http_output *output);

/* Frees what is kept, not the struct. */
void http_output_clean(struct http_output *output);

#endif
