/*
 * What is known of the devices (major:minor) whose mount points are asked: which call on them is
 * outstanding, and which of them are suspect.
 *
 * Errors: NULL where memory is short. Threads: the loop's thread only. A device is kept as long as
 * somebody holds it.
 */
#ifndef COLLECTOR_DEVICE_H
#define COLLECTOR_DEVICE_H

#include "collector/statfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

struct device {
    uint64_t number; /* major << 32 | minor */
    size_t holds;
    struct worker *worker;       /* has this device's call all to itself; NULL: none has */
    bool given_up;               /* somebody waited in vain for that call */
    bool suspect;                /* it hung, and no call has succeeded since */
    bool proven;                 /* its last call came back in time */
    int64_t read_ns;             /* when statfs_try last succeeded, monotonic, as told; 0: never */
    struct statfs_result result; /* of that */
    struct device *next;
};

/* All zero: none. */
struct devices {
    struct device *list;
    size_t suspects;
};

/* The device of that number, with one hold more. */
struct device *devices_hold(struct devices *devices, uint64_t number);
void devices_release(struct devices *devices, struct device *device);

void devices_suspect(struct devices *devices, struct device *device, bool suspect);

#endif
