/*
 * The scribe: the helper process that keeps the ring's file. Whatever the disk does, the agent's
 * loop does not wait for it.
 *
 *   agent                                   scribe
 *     |                                        opens the directory, locks it, reads the file
 *     | <---------------------------- BLOCK... (those that are sound)
 *     | <------------------------- POSITIONS
 *     | <---------------------- SAY, READY
 *     | WRITE ---------------------------->    writes; syncs when it is time
 *     | <--------------------------- WRITTEN
 *
 * The files in the directory: `ring`; `ring.next`, a new one until all is in it, when it takes the
 * place of `ring`; and up to three `ring.aside.N`, damaged or foreign ones that were found, the
 * newest with the lowest N. The lock is flock(2) on the directory, so that a full or read-only disk
 * does not keep it from being taken.
 *
 * Errors: told in messages. Threads: it is a process.
 */
#ifndef EMITTER_SCRIBE_H
#define EMITTER_SCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct scribe_options {
    const char *dir;
    uint64_t data_bytes;
    unsigned sync_ms; /* 0: each write is synced */
    bool load;        /* else the agent knows what the file has */
    bool renew;       /* with a new file, though there is one */
};

/* The work of base/helper.h. Takes struct scribe_options. */
void scribe_serve(void *options, pid_t agent);

enum scribe_kind {
    /* To the agent. */
    SCRIBE_BLOCK,     /* a part of a block; the next part follows in the next message */
    SCRIBE_POSITIONS, /* a slot of positions; at most one */
    SCRIBE_SAY,       /* something for the log, as text */
    SCRIBE_READY,     /* writes can come, or there is an error, and the end */
    SCRIBE_BUSY,      /* another agent has the directory; `number` is its process, or 0. The end */
    SCRIBE_WRITTEN,   /* or there is an error, and some of it may be written */
    /* To the scribe. */
    SCRIBE_WRITE,
};

#define SCRIBE_BYTES_MOST ((size_t)64 << 10)
#define SCRIBE_PIECES 2

struct scribe_piece {
    uint64_t at; /* in the file */
    size_t len;  /* of `bytes`, where the pieces lie one behind the other */
};

struct scribe_message {
    enum scribe_kind kind;
    int error;       /* READY, WRITTEN: errno, or 0 */
    bool renewed;    /* BLOCK: its place means nothing any more. READY: the file is new and empty */
    bool complete;   /* WRITE, WRITTEN: with this a new file has all and takes its place. READY:
                      * what   was found was told, if that was asked */
    uint64_t number; /* BUSY: see there. BLOCK: bytes of the whole block */
    struct scribe_piece pieces[SCRIBE_PIECES]; /* WRITE. BLOCK: `at` of the first, in the data */
    size_t len;
    uint8_t bytes[SCRIBE_BYTES_MOST];
};

/* Both sides. As send(2) and recv(2), for one message; 0 of scribe_receive is the other's end. */
ssize_t scribe_send(int fd, const struct scribe_message *message);
ssize_t scribe_receive(int fd, struct scribe_message *message, int flags);

#endif
