/*
 * Reading the configuration again while the agent runs: the file and the command line's options, in
 * full, as at the start.
 *
 *   asked -> read and checked by a process of its own -> read here -> fits what cannot change
 *                                                           -> offered -> accepted, or not
 *
 * A process of its own reads it first, since the disk of the file, or of what the file names, may
 * hang. What is wrong is logged, with file and line, and the configuration that is in force stays
 * so, in full. Asked while it is at it, it begins again when it is over.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only; nothing blocks.
 */
#ifndef AGENT_RELOAD_H
#define AGENT_RELOAD_H

#include "agent/config/config.h"
#include "emitter/emitter.h"

struct event_base;
struct reload;

struct reload_heard {
    /* It begins. */
    void (*begins)(void *arg);
    /* This one could take the place of the one in force: reload_answer is awaited. */
    void (*offers)(void *arg, const struct config *next);
    /* It is over, one way or the other. Borrowed as emitter_tell_reloads has it. */
    void (*over)(void *arg, const struct emitter_reloads *reloads);
    void *arg;
};

struct reload_line {
    int argc;
    char **argv;
};

/* The configuration, which was read from this command line, is taken over. From now on what is
 * wrong with one goes into the log. */
struct reload *reload_new(struct event_base *base, struct config *config,
                          const struct reload_line *line, const struct reload_heard *heard);
void reload_free(struct reload *reload);

/* The one that is in force; borrowed until another one is accepted. */
const struct config *reload_config(const struct reload *reload);

void reload_ask(struct reload *reload);

/* What was offered is in force now, and nobody borrows anything of the one before; or it is not,
 * which was logged. */
void reload_answer(struct reload *reload, bool accepted);

#endif
