/*
 * An order: one command, ready to be run: arguments, environment, limits, all in one allocation,
 * so that nothing is left to be done between fork and exec.
 *
 * The environment is PARACHUTE_EVENT (activate, release), PARACHUTE_DISKS (the names of the
 * activated disks, separated by spaces), PARACHUTE_NAMESPACE, of the disk that tipped it
 * PARACHUTE_DISK (its name), _MOUNT, _USED and _FREE (bytes), _PERCENT and _THRESHOLD, and PATH.
 * What is not known of that disk any more is empty. Of names that are too many for one variable
 * (128 KiB, execve(2)) the last are left out.
 *
 * Errors: NULL where memory is short. Threads: any.
 */
#ifndef PARACHUTE_ORDER_H
#define PARACHUTE_ORDER_H

#include "parachute/plan.h"
#include "parachute/run/trust.h"

#include <stddef.h>
#include <stdint.h>

/* As it is configured; borrowed. */
struct order_command {
    char *const *argv;   /* ends with NULL; argv[0] is an absolute path. NULL: there is none */
    unsigned timeout_ms; /* 0: none */
    unsigned retries;
    const struct trust_user *user; /* NULL: the agent's own */
};

/* The disk that tipped it. All zero: not known any more. */
#define ORDER_NAME_MAX 208
struct order_disk {
    char name[ORDER_NAME_MAX];
    const char *mount; /* borrowed; NULL: not known any more */
    uint64_t used_bytes;
    uint64_t free_bytes;
    unsigned used_percent;
    unsigned threshold_percent;
};

struct order {
    char **argv; /* both end with NULL */
    char **envp;
    unsigned timeout_ms;           /* 0: none */
    const struct trust_user *user; /* NULL: the agent's own */
};

/* `disks` is the text of PARACHUTE_DISKS. All but the user is copied; freed with free(3). */
struct order *order_new(const struct order_command *command, enum plan_event event,
                        const char *namespace, const char *disks, const struct order_disk *disk);

#endif
