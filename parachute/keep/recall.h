/*
 * The recall: what the parachute remembers in the file of a state_dir (record.h), by a clerk
 * (keeper.h), so that the loop never touches the disk.
 *
 * Errors: logged, once, and again when it is well; it goes on trying. Threads: the loop's
 * thread only; nothing blocks.
 */
#ifndef PARACHUTE_RECALL_H
#define PARACHUTE_RECALL_H

#include "parachute/keep/record.h"

#include <stdbool.h>

struct recall;
struct waits;

/* Called from within waits_dispatch. All that is pointed to is borrowed during the call. */
struct recall_heard {
    /* What there is, each by itself; NULL: nothing, or it did not come within 2 s. Then, once more,
     * what came later, unless something was stored meanwhile. */
    void (*loaded)(void *arg, const struct record *record, const struct record_end *end);
    /* What was given to recall_store last is on the disk; or it could not be written. */
    void (*stored)(void *arg);
    /* The answer to recall_fetch: NULL, there is none, or it did not come within 30 s. */
    void (*fetched)(void *arg, const struct record_end *end);
    void *arg;
};

/* Begins to load; `state_dir` is copied. NULL where memory is short. */
struct recall *recall_new(struct waits *waits, const char *state_dir,
                          const struct recall_heard *heard);

/* What is under way is still written. */
void recall_free(struct recall *recall);

/* After `loaded`: writes the record, which is read before this returns. */
void recall_store(struct recall *recall, const struct record *record);

/* Reads the end of the last run once more; one at a time. */
void recall_fetch(struct recall *recall);

#endif
