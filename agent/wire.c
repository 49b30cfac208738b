#include "agent/wire.h"

#include "base/clock.h"

struct collector_options wire_collector(const struct config *config, const char *const *observed,
                                        size_t count)
{
    return (struct collector_options){
        .proc = config->proc,
        .extra_types = (const char *const *)config->extra_types,
        .extra_type_count = config->extra_type_count,
        .exclude_mounts = (const char *const *)config->exclude_mounts,
        .exclude_mount_count = config->exclude_mount_count,
        .names = config->names,
        .name_count = config->name_count,
        .observed = observed,
        .observed_count = count,
    };
}

static struct parachute_disk make_disk(const struct config *config, const struct config_disk *disk,
                                       const char *name)
{
    return (struct parachute_disk){
        .name = name,
        .mount = disk->mount,
        .when_seen = disk->when_seen,
        .rule =
            {
                .threshold_percent = disk->threshold_percent,
                .min_free_bytes = disk->min_free_bytes,
                .inodes_percent = disk->inodes_percent,
                .missing_activates = disk->missing_activates,
                .times = config->times,
                .cycles = config->cycles,
                .release_percent = disk->release_percent,
                .release_after_ns = config->release_after_ms * CLOCK_NS_PER_MS,
                .latch = config->latch,
            },
    };
}

static struct order_command make_command(const struct config_command *command)
{
    return (struct order_command){.argv = command->argv,
                                  .timeout_ms = command->timeout_ms,
                                  .retries = command->retries,
                                  .user = command->user ? &command->runs : NULL};
}

struct parachute_options wire_parachute(const struct config *config,
                                        const struct collector *collector,
                                        struct parachute_disk *disks, bool acts)
{
    struct parachute_options options = {.disks = disks,
                                        .namespace = config->namespace,
                                        .acts = acts,
                                        .state_dir = config->state_dir,
                                        .run_dir = config->run_dir};

    for (size_t i = 0; i < config->disk_count; i++) {
        if (config->disks[i].threshold_percent == 0)
            continue;
        disks[options.count] =
            make_disk(config, &config->disks[i], collector_observed_name(collector, options.count));
        options.count++;
    }
    for (enum plan_event event = 0; event < PLAN_EVENTS; event++)
        options.commands[event] = make_command(&config->commands[event]);
    return options;
}

struct emitter_options wire_emitter(const struct config *config)
{
    return (struct emitter_options){
        .history = config->history,
        .interval_s = config->interval_s,
        .version = VERSION,
        .instance_id = config->instance_id,
        .http_on = config->http_on,
        .http_listen = config->http_listen,
        .http_max_connections = config->http_max_connections,
        .http_token = config->http_token,
        .lines_on = config->lines_on,
        .lines_listen = config->lines_listen,
        .targets = config->targets,
        .target_count = config->target_count,
        .state_dir = config->state_dir,
        .state_size_bytes = config->state_size_bytes,
        .sync_ms = config->sync_ms,
        .self_metrics = config->self_metrics,
    };
}

int64_t wire_patience_ns(const struct config *config)
{
    int64_t half_ns = config->interval_s * CLOCK_NS_PER_S / 2;

    return half_ns < CLOCK_NS_PER_S ? half_ns : CLOCK_NS_PER_S;
}
