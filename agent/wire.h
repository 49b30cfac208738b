/*
 * The wiring: the rooms, made as the configuration says.
 *
 * Errors: NULL, logged. Threads: the loop's thread only. Lifetimes: what is given is borrowed for
 * the life of what is made.
 */
#ifndef AGENT_WIRE_H
#define AGENT_WIRE_H

#include "agent/config/config.h"
#include "base/series.h"
#include "parachute/parachute.h"

#include <stdbool.h>
#include <stddef.h>

struct event_base;

/* `observed` are the mount points of the configured disks that are observed, in their order. */
struct collector *wire_collector(const struct config *config, const char *const *observed,
                                 size_t count, struct series_table *series);

/* `disks` has room for as many; it is filled in. */
struct parachute *wire_parachute(const struct config *config, const struct collector *collector,
                                 struct parachute_disk *disks, bool acts,
                                 struct series_table *series);

/* As emitter_options has them. */
struct wire_heard {
    void (*ready)(void *arg);
    void (*failed)(void *arg);
    void *arg;
};

struct emitter *wire_emitter(const struct config *config, struct event_base *base,
                             struct series_table *series, const struct wire_heard *heard);

#endif
