#include "agent/config/schema.h"

#include "agent/config/check.h"
#include "agent/config/config.h"
#include "agent/config/config_list.h"

#include <stdio.h>
#include <string.h>

#define AT(member) .at = offsetof(struct config, member)
#define ENTRY(member) .at = offsetof(struct config_entry, member)

#define NODE "1..200 of A-Z a-z 0-9 _ -"
#define PATH "an absolute path without empty, . or .. parts"
#define LISTEN                                                                                     \
    "ADDR:PORT (numeric, IPv6 in brackets, or localhost), unix:/PATH of at most 107 bytes, or "    \
    "off, e.g. "
#define FLAG "true or false"
#define PEM "a PEM file, by an absolute path without empty, . or .. parts"
#define LIST_MAX 1000

/* One of the two commands, whose keys begin with `prefix`. */
#define COMMAND_ROWS(prefix, on, key, event)                                                       \
    [SCHEMA_ON_##on] = {SCHEMA_PARACHUTE, SCHEMA_IS_SWITCH, key,                                   \
                        "an object, e.g. {\"command\": [\"/usr/bin/monit\", \"stop\", "            \
                        "\"redis\"]}",                                                             \
                        AT(commands[event].given)},                                                \
    [prefix##_COMMAND] = {SCHEMA_ON_##on,                                                          \
                          SCHEMA_IS_LIST,                                                          \
                          "command",                                                               \
                          "a list of 1..64 texts, a program and its arguments, e.g. "              \
                          "[\"/usr/bin/monit\", \"stop\", \"redis\"]",                             \
                          .max = 64,                                                               \
                          .required = true},                                                       \
    [prefix##_TIMEOUT] = {SCHEMA_ON_##on,                                                          \
                          SCHEMA_IS_SECONDS,                                                       \
                          "timeout",                                                               \
                          "a number of seconds, 0.1..3600",                                        \
                          AT(commands[event].timeout_ms),                                          \
                          .min = 0.1,                                                              \
                          .max = 3600},                                                            \
    [prefix##_RETRIES] = {SCHEMA_ON_##on,                                                          \
                          SCHEMA_IS_WHOLE,                                                         \
                          "retries",                                                               \
                          "a whole number, 0..100",                                                \
                          AT(commands[event].retries),                                             \
                          .max = 100},                                                             \
    [prefix##_USER] = {SCHEMA_ON_##on,                                                             \
                       SCHEMA_IS_TEXT,                                                             \
                       "user",                                                                     \
                       "the name of a user, and only where the agent runs as root",                \
                       AT(commands[event].user),                                                   \
                       .check = check_word}

static const struct schema_row rows[SCHEMA_COUNT] = {
    [SCHEMA_ROOT] = {.parent = SCHEMA_COUNT,
                     .kind = SCHEMA_IS_OBJECT,
                     .name = NULL,
                     .accepted = "an object, e.g. {\"interval\": 10}"},

    [SCHEMA_NAMESPACE] = {SCHEMA_ROOT, SCHEMA_IS_TEXT, "namespace",
                          "nodes (" NODE ") joined by dots, or in a file an object of the parts",
                          AT(namespace), .check = check_namespace},
    [SCHEMA_ORGANISATION_ID] = {SCHEMA_NAMESPACE, SCHEMA_IS_TEXT, "organisation_id", NODE,
                                AT(parts[0]), .check = check_node},
    [SCHEMA_SPACE_ID] = {SCHEMA_NAMESPACE, SCHEMA_IS_TEXT, "space_id", NODE, AT(parts[1]),
                         .check = check_node},
    [SCHEMA_PART_INSTANCE_ID] = {SCHEMA_NAMESPACE, SCHEMA_IS_TEXT, "instance_id", NODE,
                                 AT(parts[CONFIG_INSTANCE_ID]), .check = check_node,
                                 .required = true},
    [SCHEMA_DEPLOYMENT_NAME] = {SCHEMA_NAMESPACE, SCHEMA_IS_TEXT, "deployment_name", NODE,
                                AT(parts[3]), .check = check_node, .required = true},
    [SCHEMA_SERVICE_TYPE] = {SCHEMA_NAMESPACE, SCHEMA_IS_TEXT, "service_type", NODE, AT(parts[4]),
                             .check = check_node, .required = true},
    [SCHEMA_NODE_ID] = {SCHEMA_NAMESPACE, SCHEMA_IS_TEXT, "node_id", NODE, AT(parts[5]),
                        .check = check_node, .required = true},
    [SCHEMA_INSTANCE_ID] = {SCHEMA_ROOT, SCHEMA_IS_TEXT, "instance_id", NODE, AT(instance_id),
                            .check = check_node},

    [SCHEMA_INTERVAL] = {SCHEMA_ROOT, SCHEMA_IS_WHOLE, "interval",
                         "a whole number of seconds, 1..3600", AT(interval_s), .min = 1,
                         .max = 3600},
    [SCHEMA_OFFSET] = {SCHEMA_ROOT, SCHEMA_IS_WHOLE, "offset",
                       "a whole number of seconds, 0 or more and less than the interval",
                       AT(offset_s), .max = 3599},
    [SCHEMA_HISTORY] = {SCHEMA_ROOT, SCHEMA_IS_HISTORY, "history",
                        "a duration, e.g. 90s, 10m, 1h, 2d, or a number of snapshots, 1..10000000",
                        .min = 1, .max = CONFIG_HISTORY_MAX},
    [SCHEMA_STATE_DIR] = {SCHEMA_ROOT, SCHEMA_IS_PATH, "state_dir",
                          PATH ", e.g. /var/lib/altimeter", AT(state_dir), .check = check_path},
    [SCHEMA_STATE_SIZE] = {SCHEMA_ROOT, SCHEMA_IS_SIZE, "state_size",
                           "a size, e.g. 512K, 64M, 2G, or a whole number of bytes, 64K..1T",
                           AT(state_size_bytes), .min = CONFIG_STATE_SIZE_MIN,
                           .max = CONFIG_STATE_SIZE_MAX},
    [SCHEMA_SYNC] = {SCHEMA_ROOT, SCHEMA_IS_SECONDS, "sync", "a number of seconds, 0..3600",
                     AT(sync_ms), .max = 3600},
    [SCHEMA_RUN_DIR] = {SCHEMA_ROOT, SCHEMA_IS_PATH, "run_dir",
                        PATH ", of at most 90 bytes, e.g. /run/altimeter", AT(run_dir),
                        .check = check_run_dir},
    [SCHEMA_SELF_METRICS] = {SCHEMA_ROOT, SCHEMA_IS_FLAG, "self_metrics", FLAG, AT(self_metrics)},

    [SCHEMA_COLLECTOR] = {.parent = SCHEMA_ROOT,
                          .kind = SCHEMA_IS_OBJECT,
                          .name = "collector",
                          .accepted = "an object, e.g. {\"exclude_mounts\": [\"/mnt/*\"]}"},
    [SCHEMA_PROC] = {SCHEMA_COLLECTOR, SCHEMA_IS_PATH, "proc", PATH ", e.g. /proc", AT(proc),
                     .check = check_path},
    [SCHEMA_EXTRA_TYPES] = {SCHEMA_COLLECTOR, SCHEMA_IS_LIST, "extra_types",
                            "a list of at most 1000 file system types, e.g. [\"zfs\", \"btrfs\"]",
                            .max = LIST_MAX},
    [SCHEMA_EXTRA_TYPE] = {SCHEMA_EXTRA_TYPES, SCHEMA_IS_TEXT, NULL,
                           "a file system type, e.g. \"zfs\"", ENTRY(text), .check = check_word},
    [SCHEMA_EXCLUDE_MOUNTS] = {SCHEMA_COLLECTOR, SCHEMA_IS_LIST, "exclude_mounts",
                               "a list of at most 1000 patterns, e.g. [\"/mnt/*\"]",
                               .max = LIST_MAX},
    [SCHEMA_EXCLUDE_MOUNT] = {SCHEMA_EXCLUDE_MOUNTS, SCHEMA_IS_TEXT, NULL,
                              "a pattern of mount points, e.g. \"/mnt/*\"", ENTRY(text),
                              .check = check_text},
    [SCHEMA_NAMES] = {SCHEMA_COLLECTOR, SCHEMA_IS_MAP, "names",
                      "an object of at most 1000 names by mount point, e.g. {\"/srv\": \"srv\"}",
                      .max = LIST_MAX},
    [SCHEMA_NAMED_MOUNT] = {SCHEMA_NAMES, SCHEMA_IS_PATH, NULL, PATH ", e.g. \"/srv\"",
                            ENTRY(mount), .check = check_path},
    [SCHEMA_NAME] = {SCHEMA_NAMES, SCHEMA_IS_TEXT, NULL, NODE ", other than \"error\"", ENTRY(name),
                     .check = check_name},

    [SCHEMA_PARACHUTE] = {.parent = SCHEMA_ROOT,
                          .kind = SCHEMA_IS_OBJECT,
                          .name = "parachute",
                          .accepted = "an object, e.g. {\"interval\": 1}"},
    [SCHEMA_PARACHUTE_INTERVAL] = {SCHEMA_PARACHUTE, SCHEMA_IS_SECONDS, "interval",
                                   "a number of seconds, 0.1..3600", AT(parachute_interval_ms),
                                   .min = 0.1, .max = 3600},
    [SCHEMA_DISKS] = {SCHEMA_PARACHUTE, SCHEMA_IS_LIST, "disks",
                      "a list of at most 1000 disks, e.g. [{\"mount\": \"/srv\", "
                      "\"threshold\": 80}]",
                      .max = LIST_MAX},
    [SCHEMA_MOUNT] = {SCHEMA_DISKS, SCHEMA_IS_PATH, "mount", PATH ", e.g. /var/vcap/data",
                      ENTRY(mount), .check = check_path, .required = true},
    [SCHEMA_THRESHOLD] = {SCHEMA_DISKS, SCHEMA_IS_WHOLE, "threshold",
                          "a whole number of percent, 1..100, or 0 for not observed",
                          ENTRY(threshold_percent), .max = 100, .required = true},
    [SCHEMA_MIN_FREE] = {SCHEMA_DISKS, SCHEMA_IS_SIZE, "min_free",
                         "a size, e.g. 512M, 2G, or a whole number of bytes, 1..8192T",
                         ENTRY(min_free_bytes), .min = 1, .max = (double)CONFIG_MIN_FREE_MAX},
    [SCHEMA_INODES] = {SCHEMA_DISKS, SCHEMA_IS_WHOLE, "inodes", "a whole number of percent, 1..100",
                       ENTRY(inodes_percent), .min = 1, .max = 100},
    [SCHEMA_RELEASE] = {SCHEMA_DISKS, SCHEMA_IS_WHOLE, "release",
                        "a whole number of percent, 1..100, at most the threshold",
                        ENTRY(release_percent), .min = 1, .max = 100},
    [SCHEMA_MISSING] = {SCHEMA_DISKS, SCHEMA_IS_CHOICE, "missing", "\"activate\" or \"keep\"",
                        ENTRY(missing_activates), .words = {"keep", "activate"}},
    [SCHEMA_WHEN_SEEN] = {SCHEMA_DISKS, SCHEMA_IS_FLAG, "when_seen", FLAG, ENTRY(when_seen)},
    [SCHEMA_TIMES] = {SCHEMA_PARACHUTE, SCHEMA_IS_WHOLE, "times",
                      "a whole number, 1..64, at most cycles", AT(times), .min = 1,
                      .max = JUDGE_CYCLES_MAX},
    [SCHEMA_CYCLES] = {SCHEMA_PARACHUTE, SCHEMA_IS_WHOLE, "cycles", "a whole number, 1..64",
                       AT(cycles), .min = 1, .max = JUDGE_CYCLES_MAX},
    [SCHEMA_RELEASE_AFTER] = {SCHEMA_PARACHUTE, SCHEMA_IS_SECONDS, "release_after",
                              "a number of seconds, 0..86400", AT(release_after_ms), .max = 86400},
    [SCHEMA_LATCH] = {SCHEMA_PARACHUTE, SCHEMA_IS_FLAG, "latch", FLAG, AT(latch)},
    COMMAND_ROWS(SCHEMA_ACTIVATE, ACTIVATE, "on_activate", PLAN_ACTIVATE),
    COMMAND_ROWS(SCHEMA_RELEASE, RELEASE, "on_release", PLAN_RELEASE),
    [SCHEMA_PROGRAM] = {SCHEMA_COUNT, SCHEMA_IS_PATH, NULL,
                        "a program that others cannot change, by " PATH, ENTRY(text),
                        .check = check_path},
    [SCHEMA_ARGUMENT] = {SCHEMA_COUNT, SCHEMA_IS_TEXT, NULL, "a text of at most 4095 bytes",
                         ENTRY(text), .check = check_argument},

    [SCHEMA_GRAPHITE] = {SCHEMA_ROOT, SCHEMA_IS_LIST, "graphite",
                         "a list of at most 16 targets, e.g. [{\"host\": \"graphite.example\"}]",
                         .max = 16},
    [SCHEMA_TARGET_NAME] = {SCHEMA_GRAPHITE, SCHEMA_IS_TEXT, "name", "a text without spaces",
                            ENTRY(name), .check = check_word},
    [SCHEMA_HOST] = {SCHEMA_GRAPHITE, SCHEMA_IS_TEXT, "host",
                     "a host name or address, e.g. graphite.example", ENTRY(host),
                     .check = check_host, .required = true},
    [SCHEMA_PORT] = {SCHEMA_GRAPHITE, SCHEMA_IS_WHOLE, "port", "a port, 1..65535", ENTRY(port),
                     .min = 1, .max = 65535},
    [SCHEMA_SETTLE] = {SCHEMA_GRAPHITE, SCHEMA_IS_SECONDS, "settle", "a number of seconds, 0..3600",
                       ENTRY(settle_ms), .max = 3600},
    [SCHEMA_REPLAY_RATE] = {SCHEMA_GRAPHITE, SCHEMA_IS_WHOLE, "replay_rate",
                            "a whole number of lines a second, 1..1000000000, or 0 for unlimited",
                            ENTRY(replay_rate), .max = 1e9},
    [SCHEMA_MAX_AGE] = {SCHEMA_GRAPHITE, SCHEMA_IS_SECONDS, "max_age",
                        "a number of seconds, 0..2592000, 0 for never", ENTRY(max_age_ms),
                        .max = 2592000},
    [SCHEMA_TLS] =
        {SCHEMA_GRAPHITE, SCHEMA_IS_SWITCH, "tls",
         "an object, e.g. {\"ca\": \"/etc/ssl/ca.pem\"}, or {} for the system's authorities",
         ENTRY(tls)},
    [SCHEMA_TLS_CA] = {SCHEMA_TLS, SCHEMA_IS_PATH, "ca", PEM, ENTRY(tls_ca), .check = check_file},
    [SCHEMA_TLS_CERT] = {SCHEMA_TLS, SCHEMA_IS_PATH, "cert", PEM, ENTRY(tls_cert),
                         .beside = SCHEMA_TLS_KEY, .check = check_file},
    [SCHEMA_TLS_KEY] = {SCHEMA_TLS, SCHEMA_IS_PATH, "key",
                        PEM ", and closed to others (chmod o-rwx)", ENTRY(tls_key),
                        .beside = SCHEMA_TLS_CERT, .check = check_secret_file},
    [SCHEMA_PEER] = {SCHEMA_COUNT, SCHEMA_IS_TEXT, NULL,
                     "HOST:PORT, a name or an address (IPv6 in brackets) and a port, 1..65535",
                     ENTRY(text), .check = check_peer},

    [SCHEMA_HTTP] = {.parent = SCHEMA_ROOT,
                     .kind = SCHEMA_IS_OBJECT,
                     .name = "http",
                     .accepted = "an object, e.g. {\"listen\": \"127.0.0.1:7070\"}"},
    [SCHEMA_HTTP_LISTEN] = {SCHEMA_HTTP, SCHEMA_IS_TEXT, "listen", LISTEN "127.0.0.1:7070",
                            AT(http_listen_text), .check = check_listen},
    [SCHEMA_TOKEN_FILE] = {SCHEMA_HTTP, SCHEMA_IS_TEXT, "token_file",
                           "a regular file of at most 4096 bytes, closed to others (chmod o-rwx)",
                           AT(http_token_file), .check = check_text},
    [SCHEMA_MAX_CONNECTIONS] = {SCHEMA_HTTP, SCHEMA_IS_WHOLE, "max_connections",
                                "a whole number, 1..10000", AT(http_max_connections), .min = 1,
                                .max = 10000},
    [SCHEMA_HTTP_ANONYMOUS] = {SCHEMA_HTTP, SCHEMA_IS_FLAG, "anonymous", FLAG, AT(http_anonymous)},

    [SCHEMA_LINES] = {.parent = SCHEMA_ROOT,
                      .kind = SCHEMA_IS_OBJECT,
                      .name = "lines",
                      .accepted = "an object, e.g. {\"listen\": \"127.0.0.1:7071\"}"},
    [SCHEMA_LINES_LISTEN] = {SCHEMA_LINES, SCHEMA_IS_TEXT, "listen", LISTEN "127.0.0.1:7071",
                             AT(lines_listen_text), .check = check_listen},
    [SCHEMA_LINES_ANONYMOUS] = {SCHEMA_LINES, SCHEMA_IS_FLAG, "anonymous", FLAG,
                                AT(lines_anonymous)},
};

const struct schema_row *schema_row(enum schema_id id)
{
    return &rows[id];
}

enum schema_id schema_find(enum schema_id parent, const char *name)
{
    for (enum schema_id id = 0; id < SCHEMA_COUNT; id++)
        if (rows[id].parent == parent && rows[id].name && strcmp(rows[id].name, name) == 0)
            return id;
    return SCHEMA_COUNT;
}

void schema_list(enum schema_id parent, char *text, size_t size)
{
    size_t len = 0;

    for (enum schema_id id = 0; id < SCHEMA_COUNT && len < size; id++)
        if (rows[id].parent == parent && rows[id].name)
            len += (size_t)snprintf(text + len, size - len, "%s%s", len > 0 ? ", " : "",
                                    rows[id].name);
}

void schema_path(enum schema_id id, char path[SCHEMA_PATH_MAX])
{
    size_t len = 0;

    if (rows[id].parent != SCHEMA_ROOT) {
        schema_path(rows[id].parent, path);
        len = strlen(path);
    }
    snprintf(path + len, SCHEMA_PATH_MAX - len, "%s%s", len > 0 ? "." : "", rows[id].name);
}
