#include "agent/config/check.h"
#include "agent/config/config.h"
#include "agent/config/config_list.h"
#include "agent/config/config_parachute.h"
#include "agent/config/config_refuse.h"
#include "agent/config/file.h"
#include "collector/host.h"

#include <stdlib.h>
#include <string.h>

#define HOST_NAME_BYTES 1024
#define TOKEN_MAX_BYTES 4096
#define DEFAULT_THRESHOLD_PERCENT 80
#define SNAPSHOT_BYTES 512 /* in the state, by default */

/* The disks that the collector knows by name and, of these, the parachute guards by default. */
static const struct {
    const char *mount;
    const char *name;
    bool observed;
} special[] = {{"/", "system", false},
               {"/var/vcap/data", "ephemeral", true},
               {"/var/vcap/store", "persistent", true}};

#define SPECIAL_COUNT (sizeof special / sizeof special[0])

static int join_parts(struct config *config)
{
    size_t len = 0;

    for (size_t i = 0; i < CONFIG_PARTS; i++)
        len += config->parts[i] ? strlen(config->parts[i]) + 1 : 0;
    char *joined = malloc(len);
    char *end = joined;
    if (!joined)
        return config_refuse_memory();
    for (size_t i = 0; i < CONFIG_PARTS; i++) {
        if (!config->parts[i])
            continue;
        if (end > joined)
            *end++ = '.';
        end = stpcpy(end, config->parts[i]);
    }
    config->namespace = joined;
    if (len - 1 > CHECK_NAMESPACE_MAX)
        return config_refuse(config, SCHEMA_NAMESPACE, "must have at most %d bytes in all, not %zu",
                             CHECK_NAMESPACE_MAX, len - 1);
    return 0;
}

static int name_after_host(struct config *config)
{
    char host[HOST_NAME_BYTES] = "";
    char node[NODE_MAX + 1];
    bool known = false;

    if (host_open() == 0) {
        known = host_name(host, sizeof host) == 0 && host[0] != '\0';
        host_close();
    }
    if (!known)
        return config_refuse(config, SCHEMA_NAMESPACE,
                             "must be given, since this machine's host name cannot be read");
    node_make(node, host, strlen(host));
    config->namespace = strdup(node);
    return config->namespace ? 0 : config_refuse_memory();
}

static int finish_namespace(struct config *config)
{
    const char *part = config->parts[CONFIG_INSTANCE_ID];

    if (part && config->instance_id)
        return config_refuse(config, SCHEMA_INSTANCE_ID,
                             "must be left out where namespace is an object, which has one itself");
    if (part && !(config->instance_id = strdup(part)))
        return config_refuse_memory();
    if (config->namespace)
        return 0;
    return part ? join_parts(config) : name_after_host(config);
}

static int finish_times(struct config *config)
{
    if (config->offset_s >= config->interval_s)
        return config_refuse(config, SCHEMA_OFFSET,
                             "must be less than the interval, which is %u s, not %u",
                             config->interval_s, config->offset_s);
    if (config->history_s == 0)
        return 0;
    config->history =
        config->history_s / config->interval_s + (config->history_s % config->interval_s != 0);
    if (config->history > CONFIG_HISTORY_MAX)
        return config_refuse(config, SCHEMA_HISTORY,
                             "must be at most %d snapshots; at an interval of %u s this is %zu",
                             CONFIG_HISTORY_MAX, config->interval_s, config->history);
    return 0;
}

/* Once the history is a number of snapshots. */
static void finish_state(struct config *config)
{
    uint64_t usual = (uint64_t)config->history * SNAPSHOT_BYTES;

    if (config->state_size_bytes == 0)
        config->state_size_bytes = usual > CONFIG_STATE_SIZE_MIN ? usual : CONFIG_STATE_SIZE_MIN;
}

static bool renamed(const struct config *config, const char *mount)
{
    for (size_t i = 0; i < config->name_count; i++)
        if (strcmp(config->names[i].mount, mount) == 0)
            return true;
    return false;
}

static int finish_names(const struct config *config)
{
    for (size_t i = 0; i < config->name_count; i++) {
        const struct collector_name *name = &config->names[i];

        for (size_t k = 0; k < SPECIAL_COUNT; k++)
            if (strcmp(name->name, special[k].name) == 0 && !renamed(config, special[k].mount))
                return config_refuse(
                    config, SCHEMA_NAMES,
                    "must not use \"%s\", which is the name of \"%s\" unless that has "
                    "another one here",
                    name->name, special[k].mount);
    }
    return 0;
}

static int finish_disks(struct config *config)
{
    size_t configured = config->disk_count;

    for (size_t k = 0; k < SPECIAL_COUNT; k++) {
        bool known = !special[k].observed;
        char reason[SCHEMA_REASON_MAX];

        for (size_t i = 0; i < configured && !known; i++)
            known = strcmp(config->disks[i].mount, special[k].mount) == 0;
        if (known)
            continue;
        struct config_entry entry = {.mount = strdup(special[k].mount),
                                     .threshold_percent = DEFAULT_THRESHOLD_PERCENT,
                                     .when_seen = true};
        if (!entry.mount)
            return config_refuse_memory();
        if (config_list_add(config, SCHEMA_DISKS, &entry, reason) < 0)
            return config_refuse(config, SCHEMA_DISKS, "%s", reason);
    }
    return 0;
}

static int refuse_open(const struct config *config, enum schema_id id, const char *listen,
                       const char *ways_out)
{
    return config_refuse(config, id,
                         "must be a loopback address or a unix socket, not \"%s\", unless %s",
                         listen, ways_out);
}

/* The texts were checked when they came in: what is no address is "off". */
static int finish_doors(struct config *config)
{
    const char *why = NULL;

    config->http_on =
        address_parse_listen(config->http_listen_text, &config->http_listen, &why) == 0;
    config->lines_on =
        address_parse_listen(config->lines_listen_text, &config->lines_listen, &why) == 0;
    if (config->http_on && !config->http_token_file && !config->http_anonymous &&
        !address_local(&config->http_listen))
        return refuse_open(config, SCHEMA_HTTP_LISTEN, config->http_listen_text,
                           "http.token_file names a file with a token or http.anonymous is true");
    if (config->lines_on && !config->lines_anonymous && !address_local(&config->lines_listen))
        return refuse_open(config, SCHEMA_LINES_LISTEN, config->lines_listen_text,
                           "lines.anonymous is true");
    return 0;
}

static int refuse_token(const struct config *config, const char *why)
{
    return config_refuse_text(config, SCHEMA_TOKEN_FILE, SCHEMA_TOKEN_FILE, config->http_token_file,
                              why);
}

static int finish_token(struct config *config)
{
    const struct file_rule rule = {.max_bytes = TOKEN_MAX_BYTES, .secret = true};
    const char *why = NULL;
    size_t len = 0;

    if (!config->http_token_file)
        return 0;
    config->http_token = file_read(config->http_token_file, &rule, &len, &why);
    if (!config->http_token)
        return refuse_token(config, why);
    char *token = config->http_token;
    while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
        token[--len] = '\0';
    if (len == 0)
        return refuse_token(config, "it is empty");
    for (size_t i = 0; i < len; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return refuse_token(config, "its one line may hold printable ASCII only, no spaces");
    return 0;
}

int config_finish(struct config *config)
{
    if (finish_namespace(config) < 0 || finish_times(config) < 0 || finish_names(config) < 0 ||
        finish_disks(config) < 0 || finish_doors(config) < 0)
        return -1;
    finish_state(config);
    return finish_token(config) < 0 ? -1 : config_parachute_finish(config);
}
