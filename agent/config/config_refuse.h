/*
 * How config_finish and its parts refuse a value: with the place where the key got it.
 *
 * Errors: these are them; each is one line on stderr and gives -1. Threads: one.
 */
#ifndef AGENT_CONFIG_REFUSE_H
#define AGENT_CONFIG_REFUSE_H

#include "agent/config/config.h"

/* `format` makes what goes on from "KEY: ". */
int config_refuse(const struct config *config, enum schema_id id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "must be ACCEPTED, not "TEXT" (DETAIL)", where ACCEPTED is that of the row `row`. */
int config_refuse_text(const struct config *config, enum schema_id id, enum schema_id row,
                       const char *text, const char *detail);

int config_refuse_memory(void);

#endif
