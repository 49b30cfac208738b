#include "agent/config/jansson_used.h"

#include <jansson.h>

const char *jansson_used_version(void)
{
    return jansson_version_str();
}
