/* Targets, and peers that read, for tests in which other targets are wanted. */
#ifndef TESTS_UNIT_TARGETS_SCENE_H
#define TESTS_UNIT_TARGETS_SCENE_H

#include "emitter/push/targets.h"
#include "tests/unit/adapting.h"
#include "tests/unit/heard.h"

#include <signal.h>

#define SINKS 3

struct scene {
    struct bench bench;
    struct sink sinks[SINKS];
    struct targets *targets;
    struct target_options *options; /* those in force, which are all that may be pointed to */
    size_t count;
};

static inline void on_evict(void *arg, uint64_t end)
{
    const struct scene *scene = arg;

    if (scene->targets)
        targets_evict(scene->targets, end);
}

/* Copies of their own, so that whoever goes on with old ones is caught. */
static inline struct target_options *copy(const struct target_options *from, size_t count)
{
    struct target_options *options = calloc(count + 1, sizeof *options);

    for (size_t i = 0; i < count; i++) {
        options[i] = from[i];
        options[i].name = strdup(from[i].name);
        options[i].tls_ca = from[i].tls_ca ? strdup(from[i].tls_ca) : NULL;
    }
    return options;
}

static inline void spoil(struct target_options *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memset((void *)options[i].name, '?', strlen(options[i].name));
        free((void *)options[i].name);
        free((void *)options[i].tls_ca);
    }
    if (options)
        memset(options, 0xff, (count + 1) * sizeof *options);
    free(options);
}

static inline void open_scene(struct scene *scene, const struct target_options *options,
                              size_t count)
{
    *scene = (struct scene){.count = count};
    signal(SIGPIPE, SIG_IGN);
    bench_open(&scene->bench, 100, 50); /* many lines, so that a slow rate is one */
    scene->options = copy(options, count);
    scene->bench.evict = on_evict;
    scene->bench.evict_arg = scene;
    for (size_t i = 0; i < SINKS; i++)
        sink_open(&scene->sinks[i], &scene->bench);
    scene->targets = targets_new(scene->bench.base, scene->bench.ring, scene->bench.series,
                                 scene->options, count);
    assert_non_null(scene->targets);
}

static inline void start(struct scene *scene)
{
    assert_int_equal(targets_open(scene->targets, &(struct positions){0}), 0);
}

static inline void close_scene(struct scene *scene)
{
    targets_free(scene->targets);
    scene->targets = NULL;
    spoil(scene->options, scene->count);
    for (size_t i = 0; i < SINKS; i++)
        sink_close(&scene->sinks[i], &scene->bench);
    bench_close(&scene->bench);
}

static inline void take(struct scene *scene, const struct target_options *options, size_t count)
{
    struct target_options *own = copy(options, count);
    struct targets_next *next = targets_next_new(scene->targets, own, count);

    assert_non_null(next);
    targets_take(scene->targets, next);
    spoil(scene->options, scene->count);
    scene->options = own;
    scene->count = count;
}

static inline void append(struct scene *scene, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bench_append(&scene->bench);
        targets_notify(scene->targets);
    }
}

static inline struct target_options to(const struct scene *scene, const char *name, size_t sink)
{
    return (struct target_options){
        .name = name, .peer = scene->sinks[sink].peer, .settle_ms = 60000};
}

static inline struct target_status status(const struct scene *scene, size_t i)
{
    size_t count = 0;
    const struct target_status *all = targets_status(scene->targets, &count);

    assert_true(i < count);
    return all[i];
}

static inline bool nothing_owed(void *arg)
{
    const struct scene *scene = arg;
    size_t count = 0;
    const struct target_status *all = targets_status(scene->targets, &count);

    for (size_t i = 0; i < count; i++)
        if (all[i].owed > 0)
            return false;
    return true;
}

static inline void settle(struct scene *scene)
{
    bench_until(&scene->bench, nothing_owed, scene);
}

static inline bool is_refused(void *arg)
{
    return status(arg, 0).error != NULL;
}

/* Each number up to `newest` came exactly so often. */
static inline void assert_each(const struct sink *sink, size_t newest, unsigned times)
{
    for (size_t number = 1; number <= newest; number++)
        assert_int_equal(sink->seen[number], times);
}

#endif
