#include "collector/host.h"

#include <statgrab.h>
#include <stdio.h>

/* From pkg-config, by the Makefile; its header has no version either. */
#ifndef STATGRAB_VERSION
#define STATGRAB_VERSION "unknown"
#endif

int host_open(void)
{
    sg_error error = sg_init(1);

    /* A component that could not start says so again when it is asked. */
    return error == SG_ERROR_NONE || error == SG_ERROR_INITIALISATION ? 0 : -1;
}

void host_close(void)
{
    sg_shutdown();
}

/* nan and inf fail it too. The upper bound is far from any load and near enough for integers. */
static int is_load(double number)
{
    return number >= 0 && number <= 1e9;
}

int host_load(double load[3])
{
    /* A buffer of libstatgrab's own, good until the next call. */
    const sg_load_stats *stats = sg_get_load_stats(NULL);

    if (!stats || !is_load(stats->min1) || !is_load(stats->min5) || !is_load(stats->min15))
        return -1;
    load[0] = stats->min1;
    load[1] = stats->min5;
    load[2] = stats->min15;
    return 0;
}

int host_name(char *name, size_t size)
{
    const sg_host_info *info = sg_get_host_info(NULL);

    if (!info || !info->hostname || snprintf(name, size, "%s", info->hostname) < 0)
        return -1;
    return 0;
}

const char *host_built_version(void)
{
    return STATGRAB_VERSION;
}
