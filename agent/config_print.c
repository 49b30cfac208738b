#include "agent/config.h"
#include "agent/duration.h"
#include "agent/fault.h"
#include "agent/size.h"

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

static json_t *print_disks(const struct config *config)
{
    json_t *list = json_array();

    for (size_t i = 0; i < config->disk_count; i++) {
        const struct config_disk *disk = &config->disks[i];

        json_array_append_new(list, json_pack("{s:s, s:i, s:o*}", "mount", disk->mount, "threshold",
                                              (int)disk->threshold_percent, "when_seen",
                                              disk->when_seen ? json_true() : NULL));
    }
    return whole(list, config->disk_count);
}

static json_t *print_seconds(unsigned ms)
{
    return ms % 1000 == 0 ? json_integer(ms / 1000) : json_real(ms / 1000.0);
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

static json_t *print_size(uint64_t bytes)
{
    char size[SIZE_TEXT_MAX];

    return size_format(bytes, size) == 0 ? json_string(size) : json_integer((json_int_t)bytes);
}

int config_print(const struct config *config, FILE *out)
{
    json_t *json = json_pack(
        "{s:s, s:s*, s:i, s:i, s:o, s:s*, s:o, s:o, s:b, s:{s:s, s:o, s:o, s:o}, s:{s:o, s:o}, s:o,"
        " s:{s:s, s:s*, s:i, s:b}, s:{s:s, s:b}}",
        "namespace", config->namespace, "instance_id", config->instance_id,                 //
        "interval", (int)config->interval_s, "offset", (int)config->offset_s,               //
        "history", print_history(config),                                                   //
        "state_dir", config->state_dir, "state_size", print_size(config->state_size_bytes), //
        "sync", print_seconds(config->sync_ms), "self_metrics", (int)config->self_metrics,  //
        "collector", "proc", config->proc,                                                  //
        "extra_types", print_texts(config->extra_types, config->extra_type_count),          //
        "exclude_mounts", print_texts(config->exclude_mounts, config->exclude_mount_count), //
        "names", print_names(config),                                                       //
        "parachute", "interval", print_seconds(config->parachute_interval_ms),              //
        "disks", print_disks(config),                                                       //
        "graphite", print_targets(config),                                                  //
        "http", "listen", config->http_listen_text, "token_file", config->http_token_file,  //
        "max_connections", (int)config->http_max_connections,                               //
        "anonymous", (int)config->http_anonymous,                                           //
        "lines", "listen", config->lines_listen_text, "anonymous", (int)config->lines_anonymous);
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(10);
    bool printed = json && json_dumpf(json, out, flags) == 0 && fputc('\n', out) != EOF;

    json_decref(json);
    return printed ? 0 : fault_write("altimeter: the configuration could not be printed");
}
