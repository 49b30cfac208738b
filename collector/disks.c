#include "collector/disks.h"

#include "base/clock.h"
#include "base/log.h"
#include "collector/disklist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How often a look goes on with a new mount table. */
#define RESYNCS_MOST 8

enum { SCOPES = 2 };

struct look {
    bool active;
    int64_t deadline_ns; /* monotonic */
    size_t pending;      /* disks that it waits for */
    void (*done)(void *arg);
    void *arg;
};

struct disks {
    struct disklist list;
    struct look looks[SCOPES];
    unsigned resyncs;         /* since the last look began */
    bool all_unreadable;      /* the table, in the last look of all */
    struct reading *observed; /* by index */
};

struct disks *disks_new(const struct collector_options *options, struct series_table *series)
{
    struct disks *disks = calloc(1, sizeof *disks);

    if (!disks)
        return NULL;
    disks->all_unreadable = true;
    disks->observed = calloc(options->observed_count + 1, sizeof *disks->observed);
    if (disks->observed && disklist_open(&disks->list, options, series) == 0)
        return disks;
    free(disks->observed);
    free(disks);
    return NULL;
}

void disks_free(struct disks *disks)
{
    if (!disks)
        return;
    disklist_close(&disks->list);
    free(disks->observed);
    free(disks);
}

int disks_adapt(struct disks *disks, const struct collector_options *options)
{
    /* READING_UNKNOWN, all of them, until a look has found something. */
    struct reading *observed = calloc(options->observed_count + 1, sizeof *observed);
    int adapted = observed ? disklist_adapt(&disks->list, options) : -1;

    if (!observed)
        log_write(LOG_LEVEL_ERROR, "disks: other options: %s", strerror(ENOMEM));
    if (adapted <= 0) {
        free(observed);
        return adapted;
    }
    free(disks->observed);
    disks->observed = observed;
    return 0;
}

int disks_fd(const struct disks *disks)
{
    return pool_fd(disks->list.pool);
}

/* The looks in `scopes` wait for the disk no longer. */
static void stop_waiting(struct disks *disks, struct disk *disk, unsigned scopes)
{
    for (unsigned i = 0; i < SCOPES; i++)
        if (disk->awaited & scopes & 1U << i)
            disks->looks[i].pending--;
    disk->awaited &= ~scopes;
}

static void record_timeout(struct disk *disk, unsigned scopes)
{
    const struct statfs_result late = {.outcome = STATFS_FAILED, .error = ETIMEDOUT};

    disk_record(disk, &late, scopes);
}

/* Asks for what the look wants and has neither got nor asked for. */
static void ask(struct disks *disks, unsigned scope)
{
    unsigned bit = 1U << scope;
    int64_t now_ns = clock_mono_ns();

    for (size_t i = 0; i < disks->list.count; i++) {
        struct disk *disk = disks->list.disks[i];

        if ((scope == COLLECTOR_OBSERVED && disk->observed == DISK_UNOBSERVED) ||
            (disk->awaited | disk->settled) & bit)
            continue;
        if (pool_stuck(&disk->probe)) {
            record_timeout(disk, bit);
            continue;
        }
        if (disk->settled && !(disk->read_for & bit) &&
            now_ns - disk->read_ns < DISKLIST_FRESH_NS) {
            disk->read_for |= bit;
            disk_record(disk, &disk->probe.result, bit);
            continue;
        }
        if (!disk->awaited) {
            disk->read_ns = pool_ask(disks->list.pool, &disk->probe, now_ns) ? now_ns : 0;
            disk->read_for = bit;
        }
        disk->awaited |= bit;
        disks->looks[scope].pending++;
    }
}

/* Brings the disks up to date; looks under way go on with the new ones. As disklist_refresh. */
static int refresh(struct disks *disks, bool doubt)
{
    int changed = disklist_refresh(&disks->list, doubt);

    if (changed == 0)
        return 0;
    for (unsigned scope = 0; scope < SCOPES; scope++) {
        disks->looks[scope].pending = 0;
        for (size_t i = 0; i < disks->list.count; i++)
            disks->looks[scope].pending += disks->list.disks[i]->awaited >> scope & 1U;
        if (disks->looks[scope].active)
            ask(disks, scope);
    }
    return changed;
}

static void take_answer(struct disks *disks, struct disk *disk)
{
    unsigned scopes = disk->awaited;

    stop_waiting(disks, disk, scopes);
    /* After a refresh that brought news it was asked again, or is gone. */
    if (disk->probe.result.outcome == STATFS_OTHER_MOUNT && disks->resyncs < RESYNCS_MOST) {
        disks->resyncs++;
        if (refresh(disks, true) != 0)
            return;
    }
    disk_record(disk, &disk->probe.result, scopes);
}

static void expire(struct disks *disks, unsigned scope)
{
    unsigned bit = 1U << scope;

    for (size_t i = 0; i < disks->list.count; i++) {
        struct disk *disk = disks->list.disks[i];

        if (!(disk->awaited & bit))
            continue;
        pool_give_up(&disk->probe);
        stop_waiting(disks, disk, bit);
        if (!disk->awaited)
            pool_cancel(disks->list.pool, &disk->probe);
        record_timeout(disk, bit);
    }
}

/* Keeps what was found, and tells who asked. */
static void finish(struct disks *disks, unsigned scope)
{
    struct look *look = &disks->looks[scope];
    const struct disklist *list = &disks->list;
    const struct reading missing = {.state = list->unreadable ? READING_UNKNOWN : READING_ABSENT};

    for (size_t i = 0; i < list->choices.observed.count; i++)
        disks->observed[i] = missing;
    for (size_t i = 0; i < list->count; i++)
        if (list->disks[i]->observed != DISK_UNOBSERVED)
            disks->observed[list->disks[i]->observed] = list->disks[i]->latest;
    if (scope == COLLECTOR_ALL)
        disks->all_unreadable = list->unreadable;
    look->active = false;
    look->done(look->arg);
}

static void set_alarm(struct disks *disks)
{
    int64_t at_ns = 0;

    for (unsigned i = 0; i < SCOPES; i++)
        if (disks->looks[i].active && (at_ns == 0 || disks->looks[i].deadline_ns < at_ns))
            at_ns = disks->looks[i].deadline_ns;
    pool_alarm(disks->list.pool, at_ns);
}

/* Takes what was answered, and ends the looks that are over. */
static void turn(struct disks *disks)
{
    struct pool *pool = disks->list.pool;
    bool news = true;

    while (news) { /* an answer can lead to further questions */
        struct probe *probe = NULL;

        news = false;
        if (!pool_idle(pool))
            pool_dispatch(pool);
        while ((probe = pool_next(pool))) {
            take_answer(disks, (struct disk *)probe);
            news = true;
        }
    }

    int64_t now_ns = clock_mono_ns();
    for (unsigned i = 0; i < SCOPES; i++)
        if (disks->looks[i].active && now_ns >= disks->looks[i].deadline_ns)
            expire(disks, i);
    for (unsigned i = 0; i < SCOPES; i++)
        if (disks->looks[i].active && disks->looks[i].pending == 0)
            finish(disks, i);
    set_alarm(disks);
}

void disks_dispatch(struct disks *disks)
{
    pool_dispatch(disks->list.pool);
    turn(disks);
}

bool disks_looking(const struct disks *disks, enum collector_scope scope)
{
    return disks->looks[scope].active;
}

int disks_look(struct disks *disks, enum collector_scope scope, int64_t patience_ns,
               void (*done)(void *arg), void *arg)
{
    struct look *look = &disks->looks[scope];
    int64_t now_ns = clock_mono_ns();

    if (look->active)
        return -1;
    *look = (struct look){.active = true,
                          .deadline_ns = now_ns + (patience_ns > 0 ? patience_ns : 0),
                          .done = done,
                          .arg = arg};
    for (size_t i = 0; i < disks->list.count; i++)
        disks->list.disks[i]->settled &= ~(1U << scope);
    disks->resyncs = 0;
    if (!pool_idle(disks->list.pool)) /* what came back late is known before anything is asked */
        pool_dispatch(disks->list.pool);
    if (disklist_fresh(&disks->list, 1U << scope, now_ns) || refresh(disks, false) == 0)
        ask(disks, scope);
    turn(disks);
    return 0;
}

void disks_emit(const struct disks *disks, struct snapshot *snapshot)
{
    snapshot_add(snapshot, disks->list.error_series, disks->all_unreadable);
    if (disks->all_unreadable)
        return;
    for (size_t i = 0; i < disks->list.count; i++)
        if (disks->list.disks[i]->settled & 1U << COLLECTOR_ALL)
            disk_emit(disks->list.disks[i], snapshot);
}

struct reading disks_observed(const struct disks *disks, size_t index)
{
    return disks->observed[index];
}

const char *disks_observed_name(const struct disks *disks, size_t index)
{
    return disks->list.observed_names[index];
}

size_t disks_stuck(const struct disks *disks)
{
    return pool_stuck_count(disks->list.pool);
}
