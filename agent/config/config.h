/*
 * The configuration: embedded defaults, then the JSON file, then the command line's options, each
 * over the one before.
 *
 * Errors: config_load and config_finish write one line to stderr that names the file, line:column
 * or the option, the key, and what is accepted, and give -1; the config is then good only for
 * config_free. Threads: one. Lifetimes: the config owns all it points to.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include "agent/config/schema.h"
#include "base/address.h"
#include "base/node.h"
#include "collector/collector.h"
#include "emitter/push/target.h"
#include "parachute/judge.h"
#include "parachute/plan.h"
#include "parachute/run/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* The six parts of a namespace, in order (SPEC 3). The first two may be absent. */
enum { CONFIG_PARTS = 6, CONFIG_INSTANCE_ID = 2 };

#define CONFIG_HISTORY_MAX 10000000 /* snapshots */

/* Bytes of the ring's file. */
#define CONFIG_STATE_SIZE_MIN ((uint64_t)64 * 1024)
#define CONFIG_STATE_SIZE_MAX ((uint64_t)1 << 40)

/* Bytes; up to here a number of JSON is exact. */
#define CONFIG_MIN_FREE_MAX ((uint64_t)1 << 53)

struct config_disk {
    char *mount;
    unsigned threshold_percent; /* 1..100; 0: not observed */
    uint64_t min_free_bytes;    /* 0: no such condition */
    unsigned inodes_percent;    /* 1..100; 0: no such condition */
    unsigned release_percent;   /* 1..threshold; config_finish fills in the default */
    bool missing_activates;     /* one that is not mounted counts as full */
    bool when_seen;             /* observed only from when it is first mounted */
    bool from_option;
};

/* parachute.on_activate, parachute.on_release */
struct config_command {
    bool given;
    char **argv; /* ends with NULL; argv[0] is a path that passed trust_open; NULL: not given */
    size_t argc;
    unsigned timeout_ms;
    unsigned retries;
    char *user;             /* NULL: the agent's own */
    struct trust_user runs; /* of `user`, filled in by config_finish; owns its groups */
};

/* Where a value was given, so that an error can say it. All zero: it is a default. */
struct config_place {
    const char *option; /* its long name; a static text */
    unsigned line;      /* in the file */
    unsigned column;
};

struct config {
    char *file;            /* that was loaded; NULL: none */
    struct stat file_seen; /* it, when it was */
    struct config_place places[SCHEMA_COUNT];

    char *parts[CONFIG_PARTS]; /* of a namespace given as an object */
    char *namespace;           /* the whole prefix; made of the host name where none is set */
    char *instance_id;         /* NULL: none */
    unsigned interval_s;
    unsigned offset_s;
    size_t history;     /* snapshots; config_finish makes a duration into a number */
    unsigned history_s; /* the duration where one was given, else 0 */

    char *state_dir;           /* NULL: the ring is in memory only */
    uint64_t state_size_bytes; /* that its file may have; config_finish fills in the default */
    unsigned sync_ms;          /* how old what a power cut takes may be; 0: each write is synced */
    char *run_dir;             /* NULL: no marker files, no control socket */
    bool self_metrics;

    char *proc;
    char **extra_types;
    size_t extra_type_count;
    char **exclude_mounts;
    size_t exclude_mount_count;
    struct collector_name *names;
    size_t name_count;

    unsigned parachute_interval_ms;
    unsigned times;            /* of the last `cycles` readings that must agree */
    unsigned cycles;           /* 1..JUDGE_CYCLES_MAX */
    unsigned release_after_ms; /* config_finish fills in the default */
    bool latch;
    struct config_command commands[PLAN_EVENTS]; /* on_activate, on_release */
    struct config_disk *disks; /* configured ones in their order, then the defaults not named */
    size_t disk_count;

    struct target_options *targets;
    size_t target_count;

    bool http_on;
    char *http_listen_text;
    struct address http_listen;
    unsigned http_max_connections;
    bool http_anonymous;
    char *http_token_file;
    char *http_token; /* read by config_finish; never printed */

    bool lines_on;
    char *lines_listen_text;
    struct address lines_listen;
    bool lines_anonymous;
};

/* The embedded defaults; -1 where memory is short. */
int config_defaults(struct config *config);

/* Reads the file over them. */
int config_load(struct config *config, const char *path);

/*
 * After file and options: reads the token, fills in the namespace, the size of the state, when to
 * release and as whom a command runs, merges the default disks, and refuses what does not fit
 * together (offset >= interval, times > cycles, a door open to the network without leave, a name
 * that a default holds) and a command that others could change, in its program or in this file.
 */
int config_finish(struct config *config);

/* The effective configuration as indented JSON that config_load accepts; no secret in it. */
int config_print(const struct config *config, FILE *out);

void config_free(struct config *config);

#endif
