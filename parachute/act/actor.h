/*
 * The actor: does what the parachute decides. It remembers (recall), marks (marker) and runs the
 * commands (attempt) that the plan says are due.
 *
 *      turned: --> plan --> due? --> an attempt, held at the gate
 *                    |                     |  until the record is durable, or for 100 ms
 *                    +--> record --------->|
 *                    +--> marker files     +--> goes
 *
 * After a restart the record says what is remembered. A run that is RUNNING there and still has its
 * processes is waited for; its end is then read from the file. One that vanished runs again.
 *
 * Errors: logged; nothing here ends the agent. Threads: the loop's thread only; nothing blocks.
 * Lifetimes: options are borrowed for the actor's life, or until actor_adapt.
 */
#ifndef PARACHUTE_ACTOR_H
#define PARACHUTE_ACTOR_H

#include "parachute/act/attempt.h"
#include "parachute/keep/record.h"
#include "parachute/order.h"
#include "parachute/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actor;

struct actor_options {
    struct order_command commands[PLAN_EVENTS];
    const char *namespace;
    const char *state_dir;    /* NULL: nothing is remembered over a restart */
    const char *run_dir;      /* NULL: no marker files */
    const char *const *names; /* of the disks, in their order */
    size_t disk_count;
};

/* The truth after a cycle. */
struct actor_news {
    bool activated;    /* the node */
    const char *disks; /* the names of the activated ones, separated by spaces; borrowed until
                        * the next actor_tell */
    struct order_disk tipped;             /* where the node turned: by which disk */
    const struct record_disk *remembered; /* what the file shall have of the disks */
    size_t remembered_count;
    const int64_t *since_s; /* of each disk, in their order: wall clock; 0: not activated */
};

/* NULL where memory or descriptors are short; logged. */
struct actor *actor_new(const struct actor_options *options);
void actor_free(struct actor *actor);

/* Readable when actor_dispatch has something to do; the same descriptor for the actor's life. */
int actor_fd(const struct actor *actor);
void actor_dispatch(struct actor *actor);

/*
 * Takes hold of the files, so no other agent may have the same; reads what is remembered; then, or
 * after 2 s without an answer, `loaded` is called, once, from within actor_dispatch (or at once,
 * without a state_dir), with what there is: NULL, nothing. Borrowed during the call. What comes
 * after the 2 s is overwritten; that is logged.
 */
void actor_load(struct actor *actor, void (*loaded)(void *arg, const struct record *record),
                void *arg);

/* After `loaded`: what is true now. Nothing is written where it is the same as before. */
void actor_tell(struct actor *actor, const struct actor_news *news);

/*
 * After `loaded`: other commands and disks, with the same namespace and folders; `since_s` is of
 * the new disks, as in actor_news. Nothing is begun before the next actor_tell, and the news of
 * the last one are borrowed no more. What runs goes on as it was begun, its retries are the new
 * ones; what waits stays, but for what has no command any more, see plan_adapt. An activation that
 * gets its command only now does not run it: the turn is over, as it is after a restart. -1,
 * logged: memory is short, or the disks are too many to be marked; all is as before.
 */
int actor_adapt(struct actor *actor, const struct actor_options *options, const int64_t *since_s);

/* FAILED runs are forgotten. */
void actor_reset(struct actor *actor);

/* The plan as it stands; borrowed until the next call. */
const struct plan *actor_plan(const struct actor *actor);

/* The command that is under way, also one of an agent before this; 0: none is. */
pid_t actor_pid(const struct actor *actor);

/* The order as it would be given now; to be freed. NULL: there is no such command, or no memory. */
struct order *actor_order(const struct actor *actor, enum plan_event event, const char *disks,
                          const struct order_disk *disk);

/*
 * Runs a command on an operator's word, once, without a plan or retries: what it prints goes to
 * `line`, how it ended to `ended`. -1: another one is under way, or there is no such command; `why`
 * is a static text. A run of the plan waits meanwhile.
 */
int actor_rehearse(struct actor *actor, enum plan_event event, const char *disks,
                   const struct order_disk *disk, const struct attempt_rehearsal *rehearsal,
                   const char **why);

/* Whoever listened is gone: nobody is told any more. */
void actor_forget_rehearsal(struct actor *actor, const void *arg);

#endif
