/*
 * The guard: the parachute, and the cycles in which it has its disks looked at, one each parachute
 * interval. So that it can meet a tick, one follows another by half an interval at least, and by
 * one and a half and a little more at most; it is later where the process was stopped, and left out
 * where a disk still keeps the one before waiting.
 *
 * Errors: NULL or -1, logged. Threads: the loop's thread only; nothing blocks. Lifetimes: the
 * configuration is borrowed for the guard's life, or until guard_adapt.
 */
#ifndef AGENT_GUARD_H
#define AGENT_GUARD_H

#include "agent/config/config.h"
#include "base/reading.h"
#include "base/series.h"
#include "collector/collector.h"
#include "parachute/parachute.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct guard;

/* What is observed, made of a configuration. All zero: nothing. */
struct observed {
    const char **mounts; /* borrowed from the configuration */
    struct parachute_disk *disks;
    struct reading *readings;
    size_t count;
};

/* To be cleaned in any case. */
int observed_make(struct observed *observed, const struct config *config);
void observed_clean(struct observed *observed);

struct guard_options {
    const struct config *config;
    struct collector *collector; /* made for what is observed; borrowed */
    struct series_table *series;
    struct event_base *base;
    bool acts;               /* else the parachute only judges */
    void (*idle)(void *arg); /* a cycle is over */
    void *arg;
};

/* `observed` is taken over, and blank then. */
struct guard *guard_new(const struct guard_options *options, struct observed *observed);
void guard_free(struct guard *guard);

struct parachute *guard_parachute(const struct guard *guard);

/* Starts the cycles, if there is a disk to watch. */
void guard_start(struct guard *guard);

/* A look at everything is about to begin: a cycle that is near begins with it, so that no disk is
 * read twice. Before guard_start each does. */
void guard_join(struct guard *guard);

/* Whether a cycle is under way. */
bool guard_cycling(const struct guard *guard);

/* Whether a cycle is due for longer than that. */
bool guard_overdue(const struct guard *guard, int64_t grace_ns);

/* Takes another configuration, and what is observed by it, after guard_start and while no cycle is
 * under way; the collector has taken it before. The first cycle follows at once. -1: all is as
 * before. */
int guard_adapt(struct guard *guard, const struct config *config, struct observed *observed);

#endif
