#include "collector/device.h"

#include <stdlib.h>

struct device *devices_hold(struct devices *devices, uint64_t number)
{
    struct device *device = devices->list;

    while (device && device->number != number)
        device = device->next;
    if (!device) {
        device = calloc(1, sizeof *device);
        if (!device)
            return NULL;
        device->number = number;
        device->next = devices->list;
        devices->list = device;
    }
    device->holds++;
    return device;
}

void devices_release(struct devices *devices, struct device *device)
{
    if (--device->holds > 0)
        return;

    struct device **link = &devices->list;
    while (*link != device)
        link = &(*link)->next;
    *link = device->next;
    devices_suspect(devices, device, false);
    free(device);
}

void devices_suspect(struct devices *devices, struct device *device, bool suspect)
{
    if (suspect && !device->suspect)
        devices->suspects++;
    if (!suspect && device->suspect)
        devices->suspects--;
    device->suspect = suspect;
}
