#include "agent/config/config_fixed.h"

#include "agent/config/config_refuse.h"
#include "agent/config/fault.h"

#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_history(const struct config *a, const struct config *b)
{
    return a->history_s > 0 || b->history_s > 0 ? a->history_s == b->history_s
                                                : a->history == b->history;
}

/* Whether it was left to us. */
static bool by_default(const struct config *config, enum schema_id id)
{
    return config->places[id].line == 0 && !config->places[id].option;
}

static bool unnamed(const struct config *config)
{
    return by_default(config, SCHEMA_NAMESPACE) && !config->parts[CONFIG_INSTANCE_ID];
}

static int keep_namespace(struct config *next, const struct config *current)
{
    char *kept = strdup(current->namespace);

    if (!kept)
        return config_refuse_memory();
    free(next->namespace);
    next->namespace = kept;
    return 0;
}

int config_fixed(struct config *next, const struct config *current)
{
    const struct {
        enum schema_id id;
        bool same;
    } fixed[] = {
        {SCHEMA_NAMESPACE, same(next->namespace, current->namespace)},
        {SCHEMA_HISTORY, same_history(next, current)},
        {SCHEMA_STATE_DIR, same(next->state_dir, current->state_dir)},
        {SCHEMA_STATE_SIZE, next->state_size_bytes == current->state_size_bytes},
        {SCHEMA_SYNC, next->sync_ms == current->sync_ms},
        {SCHEMA_RUN_DIR, same(next->run_dir, current->run_dir)},
        {SCHEMA_PROC, same(next->proc, current->proc)},
    };
    bool size_follows =
        by_default(next, SCHEMA_STATE_SIZE) && by_default(current, SCHEMA_STATE_SIZE);
    int result = 0;

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (fixed[i].same || (fixed[i].id == SCHEMA_STATE_SIZE && size_follows) ||
            (fixed[i].id == SCHEMA_NAMESPACE && unnamed(next) && unnamed(current)))
            continue;
        result =
            config_refuse(next, fixed[i].id,
                          "must stay as it is while altimeter runs: restart it to change that");
    }
    if (result < 0)
        return -1;
    next->state_size_bytes = current->state_size_bytes;
    return keep_namespace(next, current);
}
