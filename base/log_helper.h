/*
 * The log where stderr is a file: a helper process writes it, as a write to a disk that hangs never
 * returns.
 *
 * Not to write is not enough. Whoever closes a descriptor of a file on such a disk, and be it by
 * ending, waits for the disk (FUSE and NFS flush at every close). So the agent must have none, nor
 * may a process that it forks inherit one. The file is therefore put into a socket of our own, as a
 * message that nobody takes: closing a socket flushes nothing. Each helper that is started looks at
 * the message, which gives it the file. What was stderr is now the way to the helper, also for what
 * others write to it: a sanitizer, libc.
 *
 *   agent: stderr ==> [lines] ==> helper, which writes ==> the file
 *               parked: [the file] <-- looked at by each helper
 *
 * A disk that hangs already when the agent starts holds it up, as it does whoever opens the file.
 *
 * Errors: -1 with errno, nothing is logged. Threads: the loop's thread only.
 */
#ifndef BASE_LOG_HELPER_H
#define BASE_LOG_HELPER_H

#include "base/helper.h"

#include <stdbool.h>
#include <stdint.h>

struct log_helper {
    struct helper helper;
    int parked[2];         /* [0] has the message with the file, [1] sent it */
    bool is_file;          /* what is written then comes to an end some time */
    const char *level;     /* as in base/log_writer.h */
    int64_t next_start_ns; /* monotonic; before it a helper that died is not started anew */
};

/*
 * Starts the helper. On success stderr is a socket (SOCK_SEQPACKET) that does not block, whose
 * messages are written to what it was before. Where no process can be started it is as it was.
 */
int log_helper_open(struct log_helper *log, const char *level);

/* Starts it anew if it has died: 1, at most every 10 s. 0: it is there. -1: there is none now. */
int log_helper_tend(struct log_helper *log);

/* For the last words, of whoever is about to close: more room than there was for what came before.
 */
void log_helper_make_room(const struct log_helper *log);

/*
 * Returns when all that was sent is written, after `wait_ms` at the latest. The helper writes what
 * it still has as soon as its disk lets it, and ends when stderr is closed; one that waits for a
 * reader or a terminal, which may not come back, ends with the agent.
 */
void log_helper_close(struct log_helper *log, int wait_ms);

#endif
