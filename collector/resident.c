#include "collector/resident.h"

#include "base/clock.h"
#include "collector/device.h"

#define OWN_NS (10 * CLOCK_NS_PER_S) /* how long a mount is not read itself */

/*
 * Whether what another mount of its file system said in the same look holds for this one too. That
 * it still leads there, and to a folder, is looked after from time to time only: a mount below a
 * folder that was renamed stands elsewhere, and the kernel tells nobody.
 */
static bool is_told(const struct probe *probe, int64_t now_ns)
{
    const struct device *device = probe->device;

    return probe->shares && device->read_ns == now_ns && now_ns - probe->own_ns < OWN_NS &&
           probe->result.outcome == STATFS_OK &&
           probe->result.total_bytes == device->result.total_bytes;
}

bool resident_read(struct probe *probe, int64_t now_ns, struct statfs_result *result)
{
    struct device *device = probe->device;

    if (is_told(probe, now_ns)) {
        *result = device->result;
        return true;
    }
    if (!statfs_try(probe->path, probe->mount_id, result))
        return false;
    probe->own_ns = now_ns;
    if (result->outcome == STATFS_OK) {
        device->read_ns = now_ns;
        device->result = *result;
    }
    return true;
}
