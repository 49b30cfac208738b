/*
 * The log: one event, one line, on stderr.
 *
 * Where stderr is the journal (JOURNAL_STREAM names it) each line starts with systemd's <N>
 * priority; elsewhere with the level in words. What would do something to a terminal instead of
 * being shown there, and what is no UTF-8, comes out as \xNN (see base/shown.h), so that a mount
 * point with a newline in its name stays on one line. A line is at most 1 KiB; what is longer is
 * cut.
 *
 * In the running agent, that is from log_start on, nothing of this ever waits, whatever stderr is:
 * a pipe or a terminal that nobody reads, a socket, a file on a disk that is full or hangs. A line
 * that cannot be written, or not without waiting, is lost, and when there is room again one line
 * says how many were: "log: 12 lines were lost".
 *
 *   stderr                          how it is written
 *   a socket: the journal           sent without waiting
 *   a pipe, a terminal, a device    opened a second time, so as not to block, as the flag is
 *                                   shared with whoever else writes to it
 *   a file; what cannot be opened   by a helper process, see base/log_helper.h
 *
 * Errors: none are reported. Threads: the loop's thread only. In a process forked after log_start
 * there is no log: what it has for stderr may be anything. Lifetimes: arguments are read before the
 * call returns.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above `level` are dropped from now on. Before the first call the level is INFO. */
void log_open(enum log_level level);

/*
 * From here on no line waits. stdin and stdout, which the running agent does not use, are let go
 * where they are files, and so is stderr (see base/log_helper.h for why); what is no line of the
 * log may still be written to stderr, but not waited for.
 */
void log_start(void);

/* To be called at each tick: says what was lost as soon as that can be said. */
void log_tend(void);

/* The end of the agent. Waits 200 ms at most for what was given to be written; after that nothing
 * is waited for, but written all the same when the disk comes back. */
void log_close(void);

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
