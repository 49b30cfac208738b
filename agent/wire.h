/*
 * The wiring: the rooms' options, made of the configuration.
 *
 * Errors: none. Threads: any. Lifetimes: they borrow all that is given.
 */
#ifndef AGENT_WIRE_H
#define AGENT_WIRE_H

#include "agent/config/config.h"
#include "collector/collector.h"
#include "emitter/emitter.h"
#include "parachute/parachute.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `observed` are the mount points of the configured disks that are observed, in their order. */
struct collector_options wire_collector(const struct config *config, const char *const *observed,
                                        size_t count);

/* `disks` has room for as many; it is filled in. */
struct parachute_options wire_parachute(const struct config *config,
                                        const struct collector *collector,
                                        struct parachute_disk *disks, bool acts);

/* All but whom to tell: ready, failed, arg. */
struct emitter_options wire_emitter(const struct config *config);

/* How long a look waits for a disk: what does not answer in time is in error (SPEC 4.5), to the
 * parachute as to the tick. */
int64_t wire_patience_ns(const struct config *config);

#endif
