/*
 * The keeper: the clerk's work on the file `state_dir`/parachute, see record.h. It holds that
 * file's lock, so that a keeper which a dead agent left behind, busy with its last write, cannot
 * write over a newer one's.
 *
 * The file is made whole, with all its room written, when it is not there; one that is no such file
 * is set aside as parachute.aside (an older one goes) and a new one made. Links are not followed. A
 * file that was taken away, replaced or cut under the keeper is noticed at its next job, and the
 * state that is stored then goes into a new one.
 *
 * The keeper, not the agent, says which turn a state has, and in which of the two slots it goes:
 * never into that of the newest one that is surely on the disk. So a state may be left out, or be
 * stored again, at will, and what is stored last always counts.
 *
 * Errors: 0 or errno. Threads: a process of its own, but for keeper_hear, which is pure.
 */
#ifndef PARACHUTE_KEEPER_H
#define PARACHUTE_KEEPER_H

#include "parachute/keep/recordfile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All but `dir` zero at first. */
struct keeper {
    const char *dir; /* made where only its last part is missing */
    struct recordfile file;
};

/* For struct clerk_work, as is keeper_do. Answers the file as it was found. Waits for the lock as
 * long as it takes. */
int keeper_open(void *keeper, void *answer, size_t *len);

/* What can be asked of it, first byte of a job. */
enum keeper_job {
    KEEPER_STORE = 'S', /* a state follows, as record_encode makes it; it is durable then */
    KEEPER_FETCH = 'F', /* nothing: answers the file */
};

/* May come after a keeper_open that failed: then it opens. */
int keeper_do(void *keeper, const void *job, size_t len, void *answer, size_t *answer_len);

/*
 * What an answer says; all that it points to lies in the answer. There is one with an error too:
 * a file that can be read though not held (on a disk that became read-only, perhaps) is in it all
 * the same. `made` and `aside` are said in every answer until one goes without an error.
 */
struct keeper_heard {
    const uint8_t *file; /* NULL: not asked for, or not read. RECORD_BYTES: for record_decode, and
                          * from RECORD_END_AT on RECORD_END_SLOT bytes for record_decode_end */
    bool made;           /* there was no file, a new one was made: as it should be when nothing was
                          * ever stored; else somebody has taken it away */
    const char *aside;   /* a file was set aside, and what it knew is lost; why, in words: "it is
                          * damaged". NULL: none was */
};

/* What record_decode says of the file may still be that nothing was stored, or that it is torn. -1:
 * this is no answer of the keeper's. */
int keeper_hear(const void *answer, size_t len, struct keeper_heard *heard);

/* The supervisor's call: writes the end of an attempt into the file, durably; the file must be
 * there. Over that of a later attempt, or of a later run, it is not written, which is no error.
 * Since the end has a place of its own, it does not need the keeper's lock; for another supervisor
 * that is at it, it waits 10 s at most. Safe after a fork. */
int keeper_write_end(const char *dir, const struct record_end *end);

#endif
