/* A parachute over a fake actor that is given other options, which are gone just after that. */
#ifndef TESTS_UNIT_RULED_H
#define TESTS_UNIT_RULED_H

#include "tests/unit/fakeactor.h"

/* The three disks, in the given order ("ba": two of them), in memory that lasts until
 * adapting_forget. */
struct adapting {
    struct parachute_disk *disks;
    struct parachute_options options;
};

static inline struct adapting adapting_disks(const struct fake_parachute *on, const char *which)
{
    struct adapting other = {.disks = calloc(strlen(which) + 1, sizeof *other.disks),
                             .options = on->options};

    assert_non_null(other.disks);
    for (size_t i = 0; i < strlen(which); i++) {
        other.disks[i] = on->disks[which[i] - 'a'];
        other.disks[i].name = strdup(other.disks[i].name);
        other.disks[i].mount = strdup(other.disks[i].mount);
    }
    other.options.disks = other.disks;
    other.options.count = strlen(which);
    return other;
}

/* Whoever still looks there finds nothing. */
static inline void adapting_forget(struct adapting *other)
{
    for (size_t i = 0; i < other->options.count; i++) {
        free((char *)other->disks[i].name);
        free((char *)other->disks[i].mount);
    }
    memset(other->disks, 0xff, other->options.count * sizeof *other->disks);
    free(other->disks);
}

static inline void adapt(struct fake_parachute *on, const char *which)
{
    struct adapting other = adapting_disks(on, which);

    assert_int_equal(parachute_adapt(on->parachute, &other.options), 0);
    adapting_forget(&other);
}

static inline void start(struct fake_parachute *on)
{
    fake_init(on);
    fake_start(on);
}

#endif
