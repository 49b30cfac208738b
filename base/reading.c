#include "base/reading.h"

#include <errno.h>
#include <string.h>

const char *reading_reason(const struct reading *reading)
{
    if (reading->state == READING_UNKNOWN)
        return "the mount table cannot be read";
    if (reading->state == READING_ABSENT)
        return "not mounted";
    switch (reading->error) {
    case ETIMEDOUT:
        return "does not answer";
    case EBUSY:
        return "not read, too many disks hang";
    case ENODATA:
        return "has no size";
    default:
        return strerror(reading->error);
    }
}
