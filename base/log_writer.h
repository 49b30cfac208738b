/*
 * The end of the log that writes: lines, a descriptor, and a count of those that were lost.
 *
 * A line that cannot be written is lost and counted. As soon as there is room again, one line says
 * how many were: "log: 12 lines were lost". Of a line that was begun the rest comes first.
 *
 * Errors: none are reported. Threads: one at a time. Lifetimes: the descriptor is the owner's.
 */
#ifndef BASE_LOG_WRITER_H
#define BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_BYTES 1024 /* the longest line, with its end */

enum log_way {
    LOG_WAY_POLL,  /* a descriptor that may block, and is shared with others: only where poll(2)
                    * sees room, which is a guess */
    LOG_WAY_WRITE, /* one that does not block, or may */
    LOG_WAY_SEND,  /* a socket, never blocking */
};

struct log_writer {
    int fd;
    enum log_way way;
    const char *level; /* how the line about lost lines begins */
    uint64_t lost;
    size_t rest_len;
    char rest[LOG_LINE_BYTES];
};

/* Writes what is owed, then the line; `line` ends with '\n'. */
void log_writer_put(struct log_writer *writer, const char *line, size_t len);

/* Writes what is owed: the rest of a line, and how many were lost. Whether nothing is, then. */
bool log_writer_catch_up(struct log_writer *writer);

#endif
