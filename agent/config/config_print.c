#include "agent/config/config.h"
#include "agent/config/duration.h"
#include "agent/config/fault.h"
#include "agent/config/size.h"

#include <jansson.h>

/* A list or object that took all its `count` members, else none. */
static json_t *whole(json_t *json, size_t count)
{
    if (json_array_size(json) + json_object_size(json) == count)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *print_texts(char *const *texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return whole(list, count);
}

static json_t *print_names(const struct config *config)
{
    json_t *names = json_object();

    for (size_t i = 0; i < config->name_count; i++)
        json_object_set_new(names, config->names[i].mount, json_string(config->names[i].name));
    return whole(names, config->name_count);
}

static json_t *print_size(uint64_t bytes)
{
    char size[SIZE_TEXT_MAX];

    return size_format(bytes, size) == 0 ? json_string(size) : json_integer((json_int_t)bytes);
}

/* What has no value of its own where it is not given is left out. */
static json_t *print_disk(const struct config_disk *disk)
{
    json_t *json =
        json_pack("{s:s, s:i}", "mount", disk->mount, "threshold", (int)disk->threshold_percent);
    int set = json ? 0 : -1;

    if (set == 0 && disk->min_free_bytes > 0)
        set = json_object_set_new(json, "min_free", print_size(disk->min_free_bytes));
    if (set == 0 && disk->inodes_percent > 0)
        set = json_object_set_new(json, "inodes", json_integer(disk->inodes_percent));
    if (set == 0 && disk->release_percent > 0)
        set = json_object_set_new(json, "release", json_integer(disk->release_percent));
    if (set == 0 && disk->missing_activates)
        set = json_object_set_new(json, "missing", json_string("activate"));
    if (set == 0 && disk->when_seen)
        set = json_object_set_new(json, "when_seen", json_true());
    if (set == 0)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *print_disks(const struct config *config)
{
    json_t *list = json_array();

    for (size_t i = 0; i < config->disk_count; i++) {
        json_array_append_new(list, print_disk(&config->disks[i]));
    }
    return whole(list, config->disk_count);
}

static json_t *print_seconds(unsigned ms)
{
    return ms % 1000 == 0 ? json_integer(ms / 1000) : json_real(ms / 1000.0);
}

static json_t *print_command(const struct config_command *command)
{
    return json_pack("{s:o, s:o, s:i, s:s*}", "command", print_texts(command->argv, command->argc),
                     "timeout", print_seconds(command->timeout_ms), "retries",
                     (int)command->retries, "user", command->user);
}

static json_t *print_parachute(const struct config *config)
{
    static const char *const names[PLAN_EVENTS] = {"on_activate", "on_release"};
    json_t *json = json_pack("{s:o, s:i, s:i, s:o, s:b, s:o}",                           //
                             "interval", print_seconds(config->parachute_interval_ms),   //
                             "times", (int)config->times, "cycles", (int)config->cycles, //
                             "release_after", print_seconds(config->release_after_ms),   //
                             "latch", (int)config->latch, "disks", print_disks(config));
    int set = json ? 0 : -1;

    for (size_t i = 0; i < PLAN_EVENTS && set == 0; i++)
        if (config->commands[i].given)
            set = json_object_set_new(json, names[i], print_command(&config->commands[i]));
    if (set == 0)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *print_tls(const struct target_options *target)
{
    size_t count = target->tls_ca ? 1 : 0;

    count += target->tls_cert ? 1 : 0;
    count += target->tls_key ? 1 : 0;
    return whole(json_pack("{s:s*, s:s*, s:s*}", "ca", target->tls_ca, "cert", target->tls_cert,
                           "key", target->tls_key),
                 count);
}

static json_t *print_target(const struct target_options *target)
{
    json_t *tls = target->tls ? print_tls(target) : NULL;

    if (target->tls && !tls)
        return NULL;
    return json_pack("{s:s, s:s, s:i, s:o, s:i, s:o, s:o*}", "name", target->name, //
                     "host", target->peer.host, "port", (int)target->peer.port,    //
                     "settle", print_seconds(target->settle_ms),                   //
                     "replay_rate", (int)target->replay_rate,                      //
                     "max_age", print_seconds(target->max_age_ms), "tls", tls);
}

static json_t *print_targets(const struct config *config)
{
    json_t *list = json_array();

    for (size_t i = 0; i < config->target_count; i++)
        json_array_append_new(list, print_target(&config->targets[i]));
    return whole(list, config->target_count);
}

static json_t *print_history(const struct config *config)
{
    char duration[DURATION_TEXT_MAX];

    if (config->history_s == 0)
        return json_integer((json_int_t)config->history);
    duration_format(config->history_s, duration);
    return json_string(duration);
}

int config_print(const struct config *config, FILE *out)
{
    json_t *json = json_pack(
        "{s:s, s:s*, s:i, s:i, s:o, s:s*, s:o, s:o, s:s*, s:b, s:{s:s, s:o, s:o, s:o}, s:o, s:o,"
        " s:{s:s, s:s*, s:i, s:b}, s:{s:s, s:b}}",
        "namespace", config->namespace, "instance_id", config->instance_id,                 //
        "interval", (int)config->interval_s, "offset", (int)config->offset_s,               //
        "history", print_history(config),                                                   //
        "state_dir", config->state_dir, "state_size", print_size(config->state_size_bytes), //
        "sync", print_seconds(config->sync_ms), "run_dir", config->run_dir, "self_metrics",
        (int)config->self_metrics,                                                          //
        "collector", "proc", config->proc,                                                  //
        "extra_types", print_texts(config->extra_types, config->extra_type_count),          //
        "exclude_mounts", print_texts(config->exclude_mounts, config->exclude_mount_count), //
        "names", print_names(config),                                                       //
        "parachute", print_parachute(config), "graphite", print_targets(config),            //
        "http", "listen", config->http_listen_text, "token_file", config->http_token_file,  //
        "max_connections", (int)config->http_max_connections,                               //
        "anonymous", (int)config->http_anonymous,                                           //
        "lines", "listen", config->lines_listen_text, "anonymous", (int)config->lines_anonymous);
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(10);
    bool printed = json && json_dumpf(json, out, flags) == 0 && fputc('\n', out) != EOF;

    json_decref(json);
    return printed ? 0 : fault_write("altimeter: the configuration could not be printed");
}
