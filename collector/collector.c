#include "collector/collector.h"

#include "base/log.h"
#include "collector/cpu.h"
#include "collector/disks.h"
#include "collector/load.h"
#include "collector/memory.h"

#include <stdlib.h>

struct collector {
    struct cpu *cpu;
    struct load *load;
    struct memory *memory;
    struct disks *disks;
};

struct collector *collector_new(const struct collector_options *options,
                                struct series_table *series)
{
    struct collector *collector = calloc(1, sizeof *collector);

    if (collector) {
        collector->cpu = cpu_new(options->proc, series);
        collector->load = load_new(series);
        collector->memory = memory_new(options->proc, series);
    }
    if (!collector || !collector->cpu || !collector->load || !collector->memory)
        log_write(LOG_LEVEL_ERROR, "collector: memory is short");
    else
        collector->disks = disks_new(options, series);
    if (collector && collector->disks)
        return collector;
    collector_free(collector);
    return NULL;
}

void collector_free(struct collector *collector)
{
    if (!collector)
        return;
    disks_free(collector->disks);
    memory_free(collector->memory);
    load_free(collector->load);
    cpu_free(collector->cpu);
    free(collector);
}

int collector_adapt(struct collector *collector, const struct collector_options *options)
{
    return disks_adapt(collector->disks, options);
}

int collector_fd(const struct collector *collector)
{
    return disks_fd(collector->disks);
}

void collector_dispatch(struct collector *collector)
{
    disks_dispatch(collector->disks);
}

int collector_look(struct collector *collector, enum collector_scope scope, int64_t patience_ns,
                   void (*done)(void *arg), void *arg)
{
    if (scope == COLLECTOR_ALL && !disks_looking(collector->disks, scope)) {
        cpu_read(collector->cpu);
        load_read(collector->load);
        memory_read(collector->memory);
    }
    return disks_look(collector->disks, scope, patience_ns, done, arg);
}

void collector_emit(struct collector *collector, struct snapshot *snapshot)
{
    cpu_emit(collector->cpu, snapshot);
    load_emit(collector->load, snapshot);
    memory_emit(collector->memory, snapshot);
    disks_emit(collector->disks, snapshot);
}

struct reading collector_observed(const struct collector *collector, size_t index)
{
    return disks_observed(collector->disks, index);
}

const char *collector_observed_name(const struct collector *collector, size_t index)
{
    return disks_observed_name(collector->disks, index);
}

size_t collector_stuck(const struct collector *collector)
{
    return disks_stuck(collector->disks);
}
