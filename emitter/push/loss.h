/*
 * What a target lost: how many snapshots, from when to when.
 *
 * Errors: none. Threads: any, nothing is shared.
 */
#ifndef EMITTER_LOSS_H
#define EMITTER_LOSS_H

#include <stdint.h>

/* All zero: nothing. The times are the timestamps of the earliest and the latest one lost, so far
 * as they are known; 0: none is. */
struct loss {
    uint64_t snapshots;
    int64_t from_s;
    int64_t to_s;
};

#define LOSS_TEXT_BYTES 128

/* Loses `more` as well. */
void loss_add(struct loss *loss, const struct loss *more);

/* One of those that are lost was of that second. */
void loss_note(struct loss *loss, int64_t timestamp_s);

/* For the log: "no snapshot was lost", or how many and, where known, from when to when (UTC). */
void loss_text(const struct loss *loss, char text[LOSS_TEXT_BYTES]);

#endif
