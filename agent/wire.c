#include "agent/wire.h"

#include "base/clock.h"
#include "collector/collector.h"
#include "emitter/emitter.h"

struct collector *wire_collector(const struct config *config, const char *const *observed,
                                 size_t count, struct series_table *series)
{
    return collector_new(
        &(struct collector_options){
            .proc = config->proc,
            .extra_types = (const char *const *)config->extra_types,
            .extra_type_count = config->extra_type_count,
            .exclude_mounts = (const char *const *)config->exclude_mounts,
            .exclude_mount_count = config->exclude_mount_count,
            .names = config->names,
            .name_count = config->name_count,
            .observed = observed,
            .observed_count = count,
        },
        series);
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

struct parachute *wire_parachute(const struct config *config, const struct collector *collector,
                                 struct parachute_disk *disks, bool acts,
                                 struct series_table *series)
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
    return parachute_new(&options, series);
}

struct emitter *wire_emitter(const struct config *config, struct event_base *base,
                             struct series_table *series, const struct wire_heard *heard)
{
    return emitter_new(base, series,
                       &(struct emitter_options){
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
                           .ready = heard->ready,
                           .failed = heard->failed,
                           .arg = heard->arg,
                       });
}
