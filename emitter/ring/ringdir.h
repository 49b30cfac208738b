/*
 * The directory that the ring's file is in. The scribe's hands: all calls that touch a disk, and
 * may take as long as it likes.
 *
 * Errors: -1 with errno, unless said otherwise. Threads: the scribe is a process of its own.
 */
#ifndef EMITTER_RINGDIR_H
#define EMITTER_RINGDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RINGDIR_RING "ring"
#define RINGDIR_NEXT "ring.next"
#define RINGDIR_NAME_MAX 32

/* All zero: not open. */
struct ringdir {
    int dir;
    int file;  /* that is written; -1: none */
    bool next; /* it is RINGDIR_NEXT */
    bool keep; /* what it replaces is worth looking at: it is set aside, not removed */
};

/*
 * Opens the directory, makes it where only its last part is missing, and locks it, for `agent`. 1:
 * another agent holds it; `*holder` is that, or 0 where it does not show. A scribe that an agent
 * left behind is given a second to end, and is no reason to refuse: then it is -1 and EWOULDBLOCK.
 */
int ringdir_open(struct ringdir *ringdir, const char *path, pid_t agent, pid_t *holder);

struct ringdir_image {
    uint8_t *bytes; /* NULL: there is none */
    size_t len;
};

/* -1 and ENOENT also where the file is empty, EINVAL where it is something else than a file. */
int ringdir_read(const struct ringdir *ringdir, const char *name, struct ringdir_image *image);
void ringdir_forget(struct ringdir_image *image);

/* Takes the new file for the old one where that is missing: it was being replaced when the end
 * came. */
void ringdir_mend(const struct ringdir *ringdir);

/* Gives the file another name, RINGDIR_NAME_MAX bytes; at most three such are kept. */
int ringdir_set_aside(const struct ringdir *ringdir, const char *name, char *aside);

/* What is written from now on goes into the file that is there, or into a new one beside it. */
int ringdir_go_on(struct ringdir *ringdir);
int ringdir_renew(struct ringdir *ringdir, uint64_t data_bytes);

/* All is in the new file: it takes the old one's place. Without a new one that is done already. */
int ringdir_complete(struct ringdir *ringdir);

int ringdir_write(const struct ringdir *ringdir, uint64_t at, const uint8_t *bytes, size_t len);
/* Nothing more is written: the next one may have the lock. */
void ringdir_leave(const struct ringdir *ringdir);

int ringdir_sync(const struct ringdir *ringdir);

#endif
