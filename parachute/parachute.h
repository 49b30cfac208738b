/*
 * The parachute: judges the observed disks against their thresholds (SPEC 5), says so as type
 * `parachute`, and has a command run when the node is activated, and another when it is released.
 * It reads no disk: it is given readings.
 *
 *      readings --> judge (pure) --> verdicts --> the node: activated while any disk is
 *                                       |                 |
 *                                     emitted          act/: remembers, marks, runs
 *
 * A verdict changes only by a reading that succeeded: a disk that cannot be read neither activates
 * nor releases anything, its `error` says that the parachute is blind there.
 *
 * Errors: logged. Threads: the loop's thread only; nothing blocks. Lifetimes: the disks are copied,
 * names and mount points too; what else the options point to is borrowed for the parachute's life,
 * or until parachute_adapt.
 */
#ifndef PARACHUTE_PARACHUTE_H
#define PARACHUTE_PARACHUTE_H

#include "base/reading.h"
#include "base/series.h"
#include "base/snapshot.h"
#include "parachute/judge.h"
#include "parachute/order.h"
#include "parachute/plan.h"

#include <stdbool.h>
#include <stddef.h>

struct parachute_disk {
    const char *name;  /* the node under which it is emitted */
    const char *mount; /* for the log and the commands */
    bool when_seen;    /* a default disk: observed only from when it was first mounted */
    struct judge_rule rule;
};

struct parachute_options {
    const struct parachute_disk *disks;
    size_t count;
    const char *namespace;
    bool acts;                                  /* else it only judges: no command, no file */
    struct order_command commands[PLAN_EVENTS]; /* argv NULL: none */
    const char *state_dir;                      /* NULL: none */
    const char *run_dir;                        /* NULL: none */
};

struct parachute;

/* NULL, logged, where memory or descriptors are short. */
struct parachute *parachute_new(const struct parachute_options *options,
                                struct series_table *series);
void parachute_free(struct parachute *parachute);

/* Readable when parachute_dispatch has something to do; -1 where it only judges. */
int parachute_fd(const struct parachute *parachute);
void parachute_dispatch(struct parachute *parachute);

/* Takes up what it remembers, before the first cycle; then calls `ready`, once, from within
 * parachute_dispatch, or at once where there is nothing to wait for. */
void parachute_load(struct parachute *parachute, void (*ready)(void *arg), void *arg);

/*
 * Takes other disks, rules and commands while it runs, after `ready`; namespace, state_dir and
 * run_dir must be the same. The old options are borrowed no more. A disk, known by its mount point,
 * keeps its reading, its verdict and since when; where `times` or `cycles` are others, the readings
 * that count begin anew, else the first one after this counts instead of the last one before. One
 * that is not observed any more is forgotten, and if the node is
 * released by that, that is a release like any other, by a disk that is not known any more, at the
 * next cycle or, where there is no disk, at once.
 *
 * What runs goes on as it was begun. What waits, also to be tried again, waits for the next cycle
 * at least; what has no command any more is not run. A node that is activated and gets its
 * on_activate only now does not run it before the next activation. All this is as after a restart
 * with a state_dir.
 *
 * -1, logged: memory is short, or they are more disks than can be marked; all is as before and the
 * old options are still borrowed.
 */
int parachute_adapt(struct parachute *parachute, const struct parachute_options *options);

/* One cycle: `readings` has one of each disk, in the order of the options. Logs what changed, and
 * acts on it. */
void parachute_judge(struct parachute *parachute, const struct reading *readings);

/* Adds the last cycle's verdicts, in SPEC 6's order. */
void parachute_emit(const struct parachute *parachute, struct snapshot *snapshot);

/* Whether any observed disk is activated. */
bool parachute_activated(const struct parachute *parachute);

#endif
