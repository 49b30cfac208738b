#include "agent/config/source.h"

#include "agent/config/locate.h"

#include <stdio.h>

#define PATH_BYTES 256

int source_refuse(const struct source *source, const char *at, const char *reason)
{
    struct locate_spot spot = locate_spot(source->text, at);
    char path[PATH_BYTES];

    locate_path(source->text, at, path, sizeof path);
    return fault_write("%s:%u:%u: %s%s%s", source->file, spot.line, spot.column, path,
                       path[0] ? ": " : "", reason);
}

int source_refuse_members(const struct source *source, enum schema_id parent, const char *what,
                          const char *at)
{
    char known[SCHEMA_REASON_MAX / 2];
    char reason[SCHEMA_REASON_MAX];

    schema_list(parent, known, sizeof known);
    snprintf(reason, sizeof reason, "must be %s the keys %s", what, known);
    return source_refuse(source, at, reason);
}

const char *source_show(const char *at, char shown[FAULT_SHOWN_MAX])
{
    if (*at == '{' || *at == '[')
        return *at == '{' ? "an object" : "a list";
    return fault_show(shown, at, (size_t)(locate_end(at) - at));
}
