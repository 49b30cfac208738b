/*
 * An actor that only writes down what it is told, and a parachute of three disks that stands on it.
 * It takes the real one's place, since a test that defines all of a module's functions links none
 * of it.
 */
#ifndef TESTS_UNIT_FAKEACTOR_H
#define TESTS_UNIT_FAKEACTOR_H

#include "base/series.h"
#include "parachute/act/actor.h"
#include "parachute/operate.h"
#include "parachute/parachute.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct actor {
    struct actor_options options;
    int fd;
};

/* What the actor was told last, and what it says. */
static struct {
    char calls[256]; /* "tell(1: b) reset " */
    struct order_disk tipped;
    struct plan plan;
    pid_t pid;
    struct attempt_rehearsal rehearsal; /* that is under way */
    char rehearsed_disks[128];
    struct order_disk rehearsed;
    const void *forgotten;
    const char *refuses; /* to rehearse, and why */
} fake;

static inline void fake_note(const char *call)
{
    size_t len = strlen(fake.calls);

    snprintf(fake.calls + len, sizeof fake.calls - len, "%s ", call);
}

struct actor *actor_new(const struct actor_options *options)
{
    struct actor *actor = calloc(1, sizeof *actor);

    assert_non_null(actor);
    actor->options = *options;
    actor->fd = eventfd(0, EFD_CLOEXEC);
    return actor;
}

void actor_free(struct actor *actor)
{
    if (actor)
        close(actor->fd);
    free(actor);
}

int actor_fd(const struct actor *actor)
{
    return actor->fd;
}

void actor_dispatch(struct actor *actor)
{
    (void)actor;
}

void actor_load(struct actor *actor, void (*loaded)(void *arg, const struct record *record),
                void *arg)
{
    (void)actor;
    loaded(arg, NULL);
}

int actor_adapt(struct actor *actor, const struct actor_options *options, const int64_t *since_s)
{
    (void)since_s;
    actor->options = *options;
    fake_note("adapt");
    return 0;
}

void actor_tell(struct actor *actor, const struct actor_news *news)
{
    char call[128];

    (void)actor;
    fake.tipped = news->tipped;
    snprintf(call, sizeof call, "tell(%d: %s)", news->activated, news->disks);
    fake_note(call);
}

void actor_reset(struct actor *actor)
{
    (void)actor;
    fake_note("reset");
}

const struct plan *actor_plan(const struct actor *actor)
{
    (void)actor;
    return &fake.plan;
}

pid_t actor_pid(const struct actor *actor)
{
    (void)actor;
    return fake.pid;
}

struct order *actor_order(const struct actor *actor, enum plan_event event, const char *disks,
                          const struct order_disk *disk)
{
    return order_new(&actor->options.commands[event], event, actor->options.namespace, disks, disk);
}

int actor_rehearse(struct actor *actor, enum plan_event event, const char *disks,
                   const struct order_disk *disk, const struct attempt_rehearsal *rehearsal,
                   const char **why)
{
    (void)actor;
    (void)event;
    if (fake.refuses) {
        *why = fake.refuses;
        return -1;
    }
    fake.rehearsal = *rehearsal;
    fake.rehearsed = *disk;
    snprintf(fake.rehearsed_disks, sizeof fake.rehearsed_disks, "%s", disks);
    return 0;
}

void actor_forget_rehearsal(struct actor *actor, const void *arg)
{
    (void)actor;
    fake.forgotten = arg;
    fake.rehearsal = (struct attempt_rehearsal){0};
}

#define GIB ((uint64_t)1 << 30)
#define FAKE_DISKS 3

/* "a" and "b" are configured; "c" is a default, observed once it was seen. */
struct fake_parachute {
    struct series_table *series;
    struct parachute_disk disks[FAKE_DISKS];
    struct parachute_options options;
    struct reading readings[FAKE_DISKS];
    struct parachute *parachute;
};

static inline void fake_ready(void *arg)
{
    (void)arg;
}

/* Used percent; -1: not mounted, -2: does not answer. */
static inline struct reading fake_reading(int percent)
{
    if (percent == -1)
        return (struct reading){.state = READING_ABSENT};
    if (percent < 0)
        return (struct reading){.state = READING_FAILED, .error = ETIMEDOUT};
    return (struct reading){.state = READING_OK,
                            .total_bytes = 100 * GIB,
                            .used_bytes = (uint64_t)percent * GIB,
                            .free_bytes = (uint64_t)(100 - percent) * GIB};
}

static inline void fake_look(struct fake_parachute *of, int a, int b, int c)
{
    of->readings[0] = fake_reading(a);
    of->readings[1] = fake_reading(b);
    of->readings[2] = fake_reading(c);
    parachute_judge(of->parachute, of->readings);
    fake.calls[0] = '\0';
}

/* All three at thresholds of 80 percent. What else is wanted is set before fake_start. */
static inline void fake_init(struct fake_parachute *of)
{
    static const char *const names[FAKE_DISKS] = {"a", "b", "c"};
    static const char *const mounts[FAKE_DISKS] = {"/mnt/a", "/mnt/b", "/mnt/c"};

    memset(&fake, 0, sizeof fake);
    *of = (struct fake_parachute){.series = series_table_new("n")};
    for (size_t i = 0; i < FAKE_DISKS; i++)
        of->disks[i] = (struct parachute_disk){
            .name = names[i],
            .mount = mounts[i],
            .when_seen = i == 2,
            .rule = {.threshold_percent = 80, .release_percent = 80, .times = 1, .cycles = 1}};
    of->options = (struct parachute_options){
        .disks = of->disks, .count = FAKE_DISKS, .namespace = "name.space", .acts = true};
}

static inline void fake_start(struct fake_parachute *of)
{
    of->parachute = parachute_new(&of->options, of->series);
    assert_non_null(of->parachute);
    parachute_load(of->parachute, fake_ready, NULL);
}

static inline void fake_end(struct fake_parachute *of)
{
    parachute_free(of->parachute);
    series_table_free(of->series);
}

#endif
