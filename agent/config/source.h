/*
 * The text of a configuration file while it is read: what is wrong in it is told with file, line,
 * column and key.
 *
 * `at` points into the text, at the key or the value that is meant. Errors: each refusal is one
 * line on stderr, and gives -1. Threads: any.
 */
#ifndef AGENT_SOURCE_H
#define AGENT_SOURCE_H

#include "agent/config/fault.h"
#include "agent/config/schema.h"

struct source {
    const char *file;
    const char *text;
};

/* `reason` goes on from "KEY: ". */
int source_refuse(const struct source *source, const char *at, const char *reason);

/* "must be WHAT the keys a, b, c", those that can stand within `parent`. */
int source_refuse_members(const struct source *source, enum schema_id parent, const char *what,
                          const char *at);

/* How the key or value looks in the file; `shown` or a static text. */
const char *source_show(const char *at, char shown[FAULT_SHOWN_MAX]);

#endif
