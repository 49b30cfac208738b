/*
 * What the emitter is made of, for emitter.c and emitter_health.c alone.
 */
#ifndef EMITTER_EMITTER_INSIDE_H
#define EMITTER_EMITTER_INSIDE_H

#include "base/log.h"
#include "emitter/emitter.h"

struct doors;
struct event;
struct farewell;
struct ring;
struct store;
struct targets;

struct emitter {
    struct event_base *base;
    struct series_table *series;
    struct emitter_options options;
    struct ring *ring;
    size_t surplus; /* snapshots beyond the history that were there when it got shorter; they go */
    size_t fading;  /* evenly with as many snapshots to come: all are as old as the history then */
    struct store *store; /* NULL: the ring is in memory only */
    char *state_dir;     /* the store's */
    struct event *begin; /* then this says that it is ready */
    struct targets *targets;
    struct doors *doors;
    struct self *self; /* NULL: no type `agent` is wanted */
    struct farewell *farewell;
    struct log_complaint complaint;
    bool begun;  /* the targets were made, */
    bool opened; /* and all is well */

    struct emitter_reloads reloads;

    int64_t start_wall_ns;
    int64_t start_mono_ns;
    int64_t newest_timestamp_s;
    int64_t newest_mono_ns; /* when it was appended */
};

/* The body of /healthz, see http.h; unwell while there is no snapshot, or none for three intervals.
 * `arg` is the emitter. */
char *emitter_health(void *arg, bool whole, bool *healthy);

#endif
