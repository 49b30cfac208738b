#include "agent/config/config.h"

#include "agent/config/config_list.h"
#include "agent/config/fault.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_INTERVAL_S 10
#define DEFAULT_HISTORY_S 3600
#define DEFAULT_SYNC_MS 10000
#define DEFAULT_PARACHUTE_MS 1000
#define DEFAULT_COMMAND_MS 60000
#define DEFAULT_RETRIES 3
#define DEFAULT_CONNECTIONS 64

int config_defaults(struct config *config)
{
    static const char *const types[] = {"zfs", "btrfs"};
    static const struct config_command command = {.timeout_ms = DEFAULT_COMMAND_MS,
                                                  .retries = DEFAULT_RETRIES};
    char reason[SCHEMA_REASON_MAX];

    *config = (struct config){.interval_s = DEFAULT_INTERVAL_S,
                              .history_s = DEFAULT_HISTORY_S,
                              .sync_ms = DEFAULT_SYNC_MS,
                              .proc = strdup("/proc"),
                              .parachute_interval_ms = DEFAULT_PARACHUTE_MS,
                              .times = 1,
                              .cycles = 1,
                              .commands = {command, command},
                              .http_listen_text = strdup("127.0.0.1:7070"),
                              .http_max_connections = DEFAULT_CONNECTIONS,
                              .lines_listen_text = strdup("127.0.0.1:7071")};
    bool made = config->proc && config->http_listen_text && config->lines_listen_text;

    for (size_t i = 0; made && i < sizeof types / sizeof types[0]; i++) {
        struct config_entry entry = {.text = strdup(types[i])};

        made = entry.text && config_list_add(config, SCHEMA_EXTRA_TYPES, &entry, reason) == 0;
    }
    return made ? 0 : fault_write("altimeter: there is not enough memory");
}

void config_free(struct config *config)
{
    static const enum schema_id lists[] = {
        SCHEMA_EXTRA_TYPES, SCHEMA_EXCLUDE_MOUNTS,   SCHEMA_NAMES,          SCHEMA_DISKS,
        SCHEMA_GRAPHITE,    SCHEMA_ACTIVATE_COMMAND, SCHEMA_RELEASE_COMMAND};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        config_list_clear(config, lists[i]);
    for (size_t i = 0; i < CONFIG_PARTS; i++)
        free(config->parts[i]);
    for (size_t i = 0; i < PLAN_EVENTS; i++) {
        free(config->commands[i].user);
        free((void *)config->commands[i].runs.groups);
    }
    free(config->file);
    free(config->namespace);
    free(config->instance_id);
    free(config->state_dir);
    free(config->run_dir);
    free(config->proc);
    free(config->http_listen_text);
    free(config->http_token_file);
    free(config->http_token);
    free(config->lines_listen_text);
    *config = (struct config){0};
}
