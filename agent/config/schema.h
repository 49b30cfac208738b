/*
 * The keys of the configuration: one row each says where the key stands in the file, what it
 * accepts and where its value goes. The file and the command line set values through the same rows,
 * so they accept the same and say the same about what they do not accept.
 *
 * Errors: -1, and `reason` holds what goes on from "KEY: " in the line for the user. Threads: any.
 */
#ifndef AGENT_SCHEMA_H
#define AGENT_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum schema_id {
    SCHEMA_ROOT,
    SCHEMA_NAMESPACE,
    SCHEMA_ORGANISATION_ID,
    SCHEMA_SPACE_ID,
    SCHEMA_PART_INSTANCE_ID,
    SCHEMA_DEPLOYMENT_NAME,
    SCHEMA_SERVICE_TYPE,
    SCHEMA_NODE_ID,
    SCHEMA_INSTANCE_ID,
    SCHEMA_INTERVAL,
    SCHEMA_OFFSET,
    SCHEMA_HISTORY,
    SCHEMA_STATE_DIR,
    SCHEMA_STATE_SIZE,
    SCHEMA_SYNC,
    SCHEMA_RUN_DIR,
    SCHEMA_SELF_METRICS,
    SCHEMA_COLLECTOR,
    SCHEMA_PROC,
    SCHEMA_EXTRA_TYPES,
    SCHEMA_EXTRA_TYPE,
    SCHEMA_EXCLUDE_MOUNTS,
    SCHEMA_EXCLUDE_MOUNT,
    SCHEMA_NAMES,
    SCHEMA_NAMED_MOUNT,
    SCHEMA_NAME,
    SCHEMA_PARACHUTE,
    SCHEMA_PARACHUTE_INTERVAL,
    SCHEMA_DISKS,
    SCHEMA_MOUNT,
    SCHEMA_THRESHOLD,
    SCHEMA_MIN_FREE,
    SCHEMA_INODES,
    SCHEMA_RELEASE,
    SCHEMA_MISSING,
    SCHEMA_WHEN_SEEN,
    SCHEMA_TIMES,
    SCHEMA_CYCLES,
    SCHEMA_RELEASE_AFTER,
    SCHEMA_LATCH,
    SCHEMA_ON_ACTIVATE,
    SCHEMA_ACTIVATE_COMMAND,
    SCHEMA_ACTIVATE_TIMEOUT,
    SCHEMA_ACTIVATE_RETRIES,
    SCHEMA_ACTIVATE_USER,
    SCHEMA_ON_RELEASE,
    SCHEMA_RELEASE_COMMAND,
    SCHEMA_RELEASE_TIMEOUT,
    SCHEMA_RELEASE_RETRIES,
    SCHEMA_RELEASE_USER,
    SCHEMA_PROGRAM,  /* the first element of either command */
    SCHEMA_ARGUMENT, /* and the others */
    SCHEMA_GRAPHITE,
    SCHEMA_TARGET_NAME,
    SCHEMA_HOST,
    SCHEMA_PORT,
    SCHEMA_SETTLE,
    SCHEMA_REPLAY_RATE,
    SCHEMA_MAX_AGE,
    SCHEMA_TLS,
    SCHEMA_TLS_CA,
    SCHEMA_TLS_CERT,
    SCHEMA_TLS_KEY,
    SCHEMA_PEER, /* HOST:PORT; on the command line only */
    SCHEMA_HTTP,
    SCHEMA_HTTP_LISTEN,
    SCHEMA_TOKEN_FILE,
    SCHEMA_MAX_CONNECTIONS,
    SCHEMA_HTTP_ANONYMOUS,
    SCHEMA_LINES,
    SCHEMA_LINES_LISTEN,
    SCHEMA_LINES_ANONYMOUS,
    SCHEMA_COUNT
};

enum schema_kind {
    SCHEMA_IS_OBJECT,  /* its members are the rows whose parent it is */
    SCHEMA_IS_SWITCH,  /* an object too; bool, that it is there, since `{}` says something */
    SCHEMA_IS_LIST,    /* of entries; its elements' members are the rows whose parent it is */
    SCHEMA_IS_MAP,     /* of mount point to name */
    SCHEMA_IS_TEXT,    /* char * */
    SCHEMA_IS_PATH,    /* char *, absolute; slashes at its end are taken off */
    SCHEMA_IS_WHOLE,   /* unsigned */
    SCHEMA_IS_SECONDS, /* unsigned, milliseconds; fractions of a second are accepted */
    SCHEMA_IS_HISTORY, /* a number of snapshots, or a duration */
    SCHEMA_IS_SIZE,    /* uint64_t, bytes; a number, or a text with a unit */
    SCHEMA_IS_FLAG,    /* bool */
    SCHEMA_IS_CHOICE,  /* bool; a text, one of `words` */
};

#define SCHEMA_REASON_MAX 512

struct schema_row {
    enum schema_id parent;
    enum schema_kind kind;
    const char *name;     /* NULL: never a key of the file */
    const char *accepted; /* goes on from "must be " */
    size_t at;            /* the value's offset in struct config or, below a list, config_entry */
    double min, max;      /* of a number; `max` also of a list's or map's elements */
    bool required;
    enum schema_id beside; /* required where its neighbour is given; SCHEMA_ROOT: no such */
    bool (*check)(const char *text, char *detail); /* of a text: one of agent/config/check.h */
    const char *words[2];                          /* of a choice: for false, for true */
};

const struct schema_row *schema_row(enum schema_id id);

/* The row of the key `name` within `parent`; SCHEMA_COUNT where there is none. */
enum schema_id schema_find(enum schema_id parent, const char *name);

/* What can stand within `parent`: "a, b, c". Cut at `size`. */
void schema_list(enum schema_id parent, char *text, size_t size);

/* "http.listen", "graphite.tls.ca" */
#define SCHEMA_PATH_MAX 64
void schema_path(enum schema_id id, char path[SCHEMA_PATH_MAX]);

enum schema_type { SCHEMA_TEXT, SCHEMA_NUMBER, SCHEMA_FLAG, SCHEMA_OTHER };

struct schema_value {
    enum schema_type type;
    const char *text;
    double number;
    bool flag;
    const char *found; /* how the value looked, for the reason */
};

/* Checks the value and writes it into `base`, where an earlier text is freed. */
int schema_set(enum schema_id id, void *base, const struct schema_value *value, char *reason);

/* "must be ACCEPTED, not FOUND (DETAIL)"; gives -1. */
int schema_refuse(enum schema_id id, const char *found, const char *detail, char *reason);

#endif
