/*
 * The log: one event, one line, on stderr.
 *
 * Where stderr is the journal (JOURNAL_STREAM names it) each line starts with systemd's <N>
 * priority; elsewhere with the level in words. Control bytes in a message come out as \xNN, so that
 * a mount point with a newline in its name stays on one line. A line is at most 1 KiB; what is
 * longer is cut.
 *
 * Errors: none are reported; a line that cannot be written, or not without waiting, is lost.
 * Threads: the loop's thread only. Lifetimes: arguments are read before the call returns.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above `level` are dropped from now on. Before the first call the level is INFO. */
void log_open(enum log_level level);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A complaint is one trouble that may last. All zero means: no trouble.
 * The owner keeps the struct beside the thing that can fail.
 */
struct log_complaint {
    int64_t next_ns; /* monotonic time before which the trouble is not mentioned again */
    int64_t wait_ns; /* doubles with each line, from one minute to one day; 0 = no trouble */
};

/* Writes the line at the first call and then ever more rarely while the trouble lasts. */
void log_complain(struct log_complaint *complaint, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes the line, at level INFO, if there was a trouble, and forgets it. */
void log_relieve(struct log_complaint *complaint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
