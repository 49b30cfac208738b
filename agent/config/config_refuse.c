#include "agent/config/config_refuse.h"

#include "agent/config/fault.h"

#include <stdarg.h>
#include <string.h>

int config_refuse(const struct config *config, enum schema_id id, const char *format, ...)
{
    const struct config_place *place = &config->places[id];
    char reason[SCHEMA_REASON_MAX];
    char path[SCHEMA_PATH_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    schema_path(id, path);
    if (place->option)
        return fault_write("altimeter: --%s: %s", place->option, reason);
    if (place->line > 0)
        return fault_write("%s:%u:%u: %s: %s", config->file, place->line, place->column, path,
                           reason);
    return fault_write("altimeter: %s: %s", path, reason);
}

int config_refuse_text(const struct config *config, enum schema_id id, enum schema_id row,
                       const char *text, const char *detail)
{
    char reason[SCHEMA_REASON_MAX];
    char shown[FAULT_SHOWN_MAX];
    char quoted[FAULT_SHOWN_MAX + 2];

    snprintf(quoted, sizeof quoted, "\"%s\"", fault_show(shown, text, strlen(text)));
    schema_refuse(row, quoted, detail, reason);
    return config_refuse(config, id, "%s", reason);
}

int config_refuse_memory(void)
{
    return fault_write("altimeter: there is not enough memory");
}
