#include "collector/resident.h"

#include "base/clock.h"
#include "collector/device.h"

#define TRUST_NS (10 * CLOCK_NS_PER_S)

static bool is_trusted(const struct probe *probe, int64_t now_ns)
{
    return !probe->acted_by && now_ns - probe->checked_ns < TRUST_NS &&
           probe->result.outcome == STATFS_OK && probe->result.total_bytes > 0;
}

bool resident_read(struct probe *probe, int64_t now_ns, struct statfs_result *result)
{
    struct device *device = probe->device;
    bool trusted = is_trusted(probe, now_ns);

    if (trusted && device->read_ns == now_ns &&
        device->result.total_bytes == probe->result.total_bytes) {
        *result = device->result;
        return true;
    }
    if (!statfs_try(probe->path, probe->mount_id, trusted, result))
        return false;
    if (!trusted)
        probe->checked_ns = now_ns;
    if (result->outcome == STATFS_OK) {
        device->read_ns = now_ns;
        device->result = *result;
    }
    return true;
}
