/*
 * The lists and maps of a configuration: how an element gets in.
 *
 * Errors: -1 and `reason` (SCHEMA_REASON_MAX bytes) holds what goes on from "KEY: " in the line for
 * the user. Threads: one.
 */
#ifndef AGENT_CONFIG_LIST_H
#define AGENT_CONFIG_LIST_H

#include "agent/config/config.h"
#include "agent/config/schema.h"

#include <stdbool.h>

/* One element on its way into the config; each list uses some of it. */
struct config_entry {
    char *text; /* a type, a pattern, an argument, or a target as HOST:PORT */
    char *mount;
    char *name;
    char *host;
    unsigned port;
    unsigned settle_ms;
    unsigned replay_rate;
    unsigned max_age_ms;
    bool tls;
    char *tls_ca;
    char *tls_cert;
    char *tls_key;
    unsigned threshold_percent;
    uint64_t min_free_bytes;
    unsigned inodes_percent;
    unsigned release_percent;
    bool missing_activates;
    bool when_seen;
    bool from_option;
};

/* One that holds the defaults of a target, and else nothing. */
struct config_entry config_entry_make(void);

/*
 * Takes an element, whose values were checked one by one, and leaves `entry` empty in any case. -1
 * where the list is full or has such a one already, or its values do not fit together; but a disk
 * from an option gives its threshold to one that is not from an option.
 */
int config_list_add(struct config *config, enum schema_id list, struct config_entry *entry,
                    char *reason);

/* Empties it. */
void config_list_clear(struct config *config, enum schema_id list);

void config_entry_clean(struct config_entry *entry);

#endif
