#include "collector/load.h"

#include "base/log.h"
#include "collector/host.h"

#include <stdbool.h>
#include <stdlib.h>

enum { LOADS = 3 };

#define SCALE 1e6

struct load {
    struct series_table *series;
    uint32_t error_series;
    uint32_t load_series[LOADS];
    bool host_is_open;
    bool error;
    uint64_t values[LOADS];
    struct log_complaint complaint;
};

struct load *load_new(struct series_table *series)
{
    static const char *const names[LOADS] = {"load1", "load5", "load15"};
    struct load *load = calloc(1, sizeof *load);
    bool complete = true;

    if (!load)
        return NULL;
    load->series = series;
    load->error = true;
    load->error_series = series_intern(series, "system.load.error");
    for (int i = 0; i < LOADS; i++) {
        load->load_series[i] = series_intern(series, "system.load.%s", names[i]);
        complete = complete && load->load_series[i] != SERIES_NONE;
    }
    if (complete && load->error_series != SERIES_NONE)
        return load;
    load_free(load);
    return NULL;
}

void load_free(struct load *load)
{
    if (!load)
        return;
    if (load->host_is_open)
        host_close();
    series_release(load->series, load->error_series);
    for (int i = 0; i < LOADS; i++)
        series_release(load->series, load->load_series[i]);
    free(load);
}

void load_read(struct load *load)
{
    double now[LOADS] = {0};

    if (!load->host_is_open)
        load->host_is_open = host_open() == 0;
    load->error = !load->host_is_open || host_load(now) < 0;
    if (load->error) {
        log_complain(&load->complaint, LOG_LEVEL_WARNING, "load: cannot be read");
        return;
    }
    log_relieve(&load->complaint, "load: can be read again");
    for (int i = 0; i < LOADS; i++)
        load->values[i] = (uint64_t)(now[i] * SCALE + 0.5);
}

void load_emit(const struct load *load, struct snapshot *snapshot)
{
    snapshot_add(snapshot, load->error_series, load->error);
    for (int i = 0; i < LOADS && !load->error; i++)
        snapshot_add(snapshot, load->load_series[i], load->values[i]);
}
