#include "agent/config/config_list.h"

#include "agent/config/fault.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT 2003
#define DEFAULT_SETTLE_MS 60000
#define DEFAULT_REPLAY_RATE 10000
#define PEER_TEXT_MAX (ADDRESS_HOST_MAX + sizeof "[]:65535")

struct config_entry config_entry_make(void)
{
    return (struct config_entry){
        .port = DEFAULT_PORT, .settle_ms = DEFAULT_SETTLE_MS, .replay_rate = DEFAULT_REPLAY_RATE};
}

void config_entry_clean(struct config_entry *entry)
{
    free(entry->text);
    free(entry->mount);
    free(entry->name);
    free(entry->host);
    free(entry->tls_ca);
    free(entry->tls_cert);
    free(entry->tls_key);
    *entry = (struct config_entry){0};
}

/* Room for one more at the end of a list; NULL where there is none. */
static void *grow(void *list, size_t count, size_t size, char *reason)
{
    void *grown = reallocarray(list, count + 1, size);

    if (!grown)
        snprintf(reason, SCHEMA_REASON_MAX, "there is not enough memory");
    return grown;
}

static int refuse_twice(const char *what, const char *text, char *reason)
{
    char shown[FAULT_SHOWN_MAX];

    snprintf(reason, SCHEMA_REASON_MAX, "must have each %s only once; \"%s\" was there before",
             what, fault_show(shown, text, strlen(text)));
    return -1;
}

static int refuse_full(enum schema_id list, size_t count, char *reason)
{
    const struct schema_row *row = schema_row(list);

    if ((double)count < row->max)
        return 0;
    snprintf(reason, SCHEMA_REASON_MAX, "must be %s; this is one more", row->accepted);
    return -1;
}

/* They end with a NULL, as a command's arguments have to. */
static int add_text(enum schema_id list, char ***texts, size_t *count, struct config_entry *entry,
                    char *reason)
{
    if (refuse_full(list, *count, reason) < 0)
        return -1;
    char **grown = grow(*texts, *count + 1, sizeof **texts, reason);
    if (!grown)
        return -1;
    *texts = grown;
    grown[(*count)++] = entry->text;
    grown[*count] = NULL;
    entry->text = NULL;
    return 0;
}

static int add_name(struct config *config, struct config_entry *entry, char *reason)
{
    for (size_t i = 0; i < config->name_count; i++) {
        if (strcmp(config->names[i].mount, entry->mount) == 0)
            return refuse_twice("mount point", entry->mount, reason);
        if (strcmp(config->names[i].name, entry->name) == 0)
            return refuse_twice("name", entry->name, reason);
    }
    if (refuse_full(SCHEMA_NAMES, config->name_count, reason) < 0)
        return -1;
    struct collector_name *grown = grow(config->names, config->name_count, sizeof *grown, reason);
    if (!grown)
        return -1;
    config->names = grown;
    grown[config->name_count++] = (struct collector_name){entry->mount, entry->name};
    entry->mount = NULL;
    entry->name = NULL;
    return 0;
}

static struct config_disk *find_disk(struct config *config, const char *mount)
{
    for (size_t i = 0; i < config->disk_count; i++)
        if (strcmp(config->disks[i].mount, mount) == 0)
            return &config->disks[i];
    return NULL;
}

/* A disk that is not observed has nothing to be released from. */
static int refuse_release(unsigned release_percent, const struct config_entry *entry, char *reason)
{
    if (entry->threshold_percent == 0 || release_percent <= entry->threshold_percent)
        return 0;
    if (entry->from_option)
        snprintf(reason, SCHEMA_REASON_MAX,
                 "must be at least the disk's release, which is %u percent in the file, not %u",
                 release_percent, entry->threshold_percent);
    else
        snprintf(reason, SCHEMA_REASON_MAX,
                 "must have a release of at most its threshold, which is %u percent, not %u",
                 entry->threshold_percent, release_percent);
    return -1;
}

static int add_disk(struct config *config, struct config_entry *entry, char *reason)
{
    struct config_disk *disk = find_disk(config, entry->mount);

    if (disk && (disk->from_option || !entry->from_option))
        return refuse_twice("mount point", entry->mount, reason);
    if (refuse_release(disk ? disk->release_percent : entry->release_percent, entry, reason) < 0)
        return -1;
    if (!disk) {
        if (refuse_full(SCHEMA_DISKS, config->disk_count, reason) < 0)
            return -1;
        struct config_disk *grown = grow(config->disks, config->disk_count, sizeof *grown, reason);
        if (!grown)
            return -1;
        config->disks = grown;
        disk = &grown[config->disk_count++];
        *disk = (struct config_disk){.mount = entry->mount,
                                     .min_free_bytes = entry->min_free_bytes,
                                     .inodes_percent = entry->inodes_percent,
                                     .release_percent = entry->release_percent,
                                     .missing_activates = entry->missing_activates,
                                     .when_seen = entry->when_seen};
        entry->mount = NULL;
    }
    disk->threshold_percent = entry->threshold_percent;
    disk->from_option = entry->from_option;
    return 0;
}

/* The peer of an entry, and as text in `text`. Its parts were checked, so together they are good.
 */
static int entry_peer(const struct config_entry *entry, struct address_peer *peer, char *text,
                      const char **why)
{
    if (entry->text) {
        snprintf(text, PEER_TEXT_MAX, "%s", entry->text);
    } else {
        bool bare_ipv6 = entry->host[0] != '[' && strchr(entry->host, ':');

        snprintf(text, PEER_TEXT_MAX, bare_ipv6 ? "[%s]:%u" : "%s:%u", entry->host, entry->port);
    }
    return address_parse_peer(text, peer, why);
}

static int add_target(struct config *config, struct config_entry *entry, char *reason)
{
    struct target_options target = {.settle_ms = entry->settle_ms,
                                    .replay_rate = entry->replay_rate,
                                    .max_age_ms = entry->max_age_ms,
                                    .tls = entry->tls,
                                    .tls_ca = entry->tls_ca,
                                    .tls_cert = entry->tls_cert,
                                    .tls_key = entry->tls_key};
    char text[PEER_TEXT_MAX];
    const char *why = NULL;

    if (entry_peer(entry, &target.peer, text, &why) < 0) {
        snprintf(reason, SCHEMA_REASON_MAX, "must be a host and a port: %s", why);
        return -1;
    }
    if (entry->max_age_ms > 0 && entry->max_age_ms <= entry->settle_ms) {
        snprintf(reason, SCHEMA_REASON_MAX,
                 "must have a max_age longer than its settle, which is %u s, or nothing would ever "
                 "count as delivered",
                 entry->settle_ms / 1000);
        return -1;
    }
    const char *name = entry->name ? entry->name : text;
    for (size_t i = 0; i < config->target_count; i++)
        if (strcmp(config->targets[i].name, name) == 0)
            return refuse_twice("target", name, reason);
    if (refuse_full(SCHEMA_GRAPHITE, config->target_count, reason) < 0)
        return -1;
    struct target_options *grown =
        grow(config->targets, config->target_count, sizeof *grown, reason);
    if (!grown)
        return -1;
    config->targets = grown;
    target.name = strdup(name);
    if (!target.name) {
        snprintf(reason, SCHEMA_REASON_MAX, "there is not enough memory");
        return -1;
    }
    entry->tls_ca = entry->tls_cert = entry->tls_key = NULL;
    grown[config->target_count++] = target;
    return 0;
}

int config_list_add(struct config *config, enum schema_id list, struct config_entry *entry,
                    char *reason)
{
    int added = -1;

    if (list == SCHEMA_EXTRA_TYPES)
        added = add_text(list, &config->extra_types, &config->extra_type_count, entry, reason);
    else if (list == SCHEMA_EXCLUDE_MOUNTS)
        added =
            add_text(list, &config->exclude_mounts, &config->exclude_mount_count, entry, reason);
    else if (list == SCHEMA_ACTIVATE_COMMAND)
        added = add_text(list, &config->commands[PLAN_ACTIVATE].argv,
                         &config->commands[PLAN_ACTIVATE].argc, entry, reason);
    else if (list == SCHEMA_RELEASE_COMMAND)
        added = add_text(list, &config->commands[PLAN_RELEASE].argv,
                         &config->commands[PLAN_RELEASE].argc, entry, reason);
    else if (list == SCHEMA_NAMES)
        added = add_name(config, entry, reason);
    else if (list == SCHEMA_DISKS)
        added = add_disk(config, entry, reason);
    else if (list == SCHEMA_GRAPHITE)
        added = add_target(config, entry, reason);
    config_entry_clean(entry);
    return added;
}

static void clear_texts(char ***texts, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        free((*texts)[i]);
    free(*texts);
    *texts = NULL;
    *count = 0;
}

static void clear_names(struct config *config)
{
    for (size_t i = 0; i < config->name_count; i++) {
        free((void *)config->names[i].mount);
        free((void *)config->names[i].name);
    }
    free(config->names);
    config->names = NULL;
    config->name_count = 0;
}

static void clear_disks(struct config *config)
{
    for (size_t i = 0; i < config->disk_count; i++)
        free(config->disks[i].mount);
    free(config->disks);
    config->disks = NULL;
    config->disk_count = 0;
}

static void clear_targets(struct config *config)
{
    for (size_t i = 0; i < config->target_count; i++) {
        free((void *)config->targets[i].name);
        free((void *)config->targets[i].tls_ca);
        free((void *)config->targets[i].tls_cert);
        free((void *)config->targets[i].tls_key);
    }
    free(config->targets);
    config->targets = NULL;
    config->target_count = 0;
}

void config_list_clear(struct config *config, enum schema_id list)
{
    if (list == SCHEMA_EXTRA_TYPES)
        clear_texts(&config->extra_types, &config->extra_type_count);
    else if (list == SCHEMA_EXCLUDE_MOUNTS)
        clear_texts(&config->exclude_mounts, &config->exclude_mount_count);
    else if (list == SCHEMA_ACTIVATE_COMMAND)
        clear_texts(&config->commands[PLAN_ACTIVATE].argv, &config->commands[PLAN_ACTIVATE].argc);
    else if (list == SCHEMA_RELEASE_COMMAND)
        clear_texts(&config->commands[PLAN_RELEASE].argv, &config->commands[PLAN_RELEASE].argc);
    else if (list == SCHEMA_NAMES)
        clear_names(config);
    else if (list == SCHEMA_DISKS)
        clear_disks(config);
    else if (list == SCHEMA_GRAPHITE)
        clear_targets(config);
}
