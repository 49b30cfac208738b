#include "collector/disklist.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* To be freed, the names are borrowed; NULL where memory is short. */
static const char **name_observed(struct names *names, const struct strings *observed)
{
    const char **given = calloc(observed->count + 1, sizeof *given);
    bool complete = given;

    for (size_t i = 0; i < observed->count && complete; i++) {
        given[i] = names_give_for_good(names, observed->list[i]);
        complete = given[i];
    }
    if (complete)
        return given;
    free(given);
    return NULL;
}

static int open_parts(struct disklist *list, const struct collector_options *options)
{
    if (choices_copy(&list->choices, options) < 0 ||
        mounttable_open(&list->table, options->proc, &list->choices.extra_types) < 0)
        return -1;
    list->names = names_new(options->names, options->name_count);
    if (!list->names)
        return -1;
    list->observed_names = name_observed(list->names, &list->choices.observed);
    if (!list->observed_names)
        return -1;
    list->error_series = series_intern(list->series, "system.disk.error");
    return list->error_series == SERIES_NONE ? -1 : 0;
}

int disklist_open(struct disklist *list, const struct collector_options *options,
                  struct series_table *series)
{
    *list =
        (struct disklist){.series = series, .error_series = SERIES_NONE, .table = {.watch = -1}};
    int result = open_parts(list, options);
    if (result == 0) {
        list->pool = pool_new();
        if (!list->pool)
            goto fail;
        result = pool_watch(list->pool, mounttable_fd(&list->table));
    }
    if (result == 0)
        return 0;
    log_write(LOG_LEVEL_ERROR, "disks: %s", strerror(errno));
fail:
    disklist_close(list);
    return -1;
}

static void drop_disks(struct disklist *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->disks[i])
            disk_free(list->disks[i], list->pool, list->series);
    free(list->disks);
    list->disks = NULL;
    list->count = 0;
}

void disklist_close(struct disklist *list)
{
    drop_disks(list);
    pool_free(list->pool);
    series_release(list->series, list->error_series);
    names_free(list->names);
    mounttable_close(&list->table);
    free(list->observed_names);
    choices_clean(&list->choices);
    *list = (struct disklist){.error_series = SERIES_NONE};
}

int disklist_adapt(struct disklist *list, const struct collector_options *options)
{
    struct choices choices;
    struct names *names = NULL;
    const char **observed_names = NULL;

    if (choices_copy(&choices, options) < 0)
        goto short_of_memory;
    if (choices_same(&choices, &list->choices)) {
        choices_clean(&choices);
        return 0;
    }
    names = names_renew(list->names, options->names, options->name_count);
    if (names)
        observed_names = name_observed(names, &choices.observed);
    if (!observed_names)
        goto short_of_memory;

    names_free(list->names);
    free(list->observed_names);
    choices_clean(&list->choices);
    list->names = names;
    list->observed_names = observed_names;
    list->choices = choices; /* in place: the table knows where its types are */
    list->adapted = true;
    list->fresh_for = ~0U; /* what was found by other options serves nobody */
    mounttable_forget(&list->table);
    return 1;

short_of_memory:
    log_write(LOG_LEVEL_ERROR, "disks: other options: %s", strerror(ENOMEM));
    names_free(names);
    choices_clean(&choices);
    return -1;
}

static size_t find_observed(const struct disklist *list, const char *point)
{
    const struct strings *observed = &list->choices.observed;

    for (size_t i = 0; i < observed->count; i++)
        if (strcmp(observed->list[i], point) == 0)
            return i;
    return DISK_UNOBSERVED;
}

static bool excluded(const struct disklist *list, const char *point)
{
    const struct strings *exclude = &list->choices.exclude;

    for (size_t i = 0; i < exclude->count; i++)
        if (fnmatch(exclude->list[i], point, 0) == 0)
            return true;
    return false;
}

/* Takes the disk of that mount out of the old list, if it stood there. Mostly the order is the
 * same, so the search goes on from where the last one ended. */
static struct disk *take_standing(struct disklist *list, const struct mount *mount, size_t *from)
{
    for (size_t n = 0; n < list->count; n++) {
        size_t i = (*from + n) % list->count;
        struct disk *disk = list->disks[i];

        if (disk && disk_is(disk, mount)) {
            list->disks[i] = NULL;
            *from = i + 1;
            return disk;
        }
    }
    return NULL;
}

/* Adds the mount to the new list if it is a disk; -1 where memory is short. */
static int add(struct disklist *list, const struct mount *mount, struct disklist *new, size_t *from)
{
    size_t observed = find_observed(list, mount->point);
    bool emitted = mount->type == FSTYPE_PHYSICAL && !excluded(list, mount->point);
    const char *name = NULL;

    if (mount->type == FSTYPE_AUTOMOUNT || (!emitted && observed == DISK_UNOBSERVED))
        return 0;
    if (emitted) {
        name = names_give(list->names, mount->point);
        if (!name)
            return -1;
    }
    struct disk *disk = take_standing(list, mount, from);
    int result = 0;
    if (!disk)
        disk = disk_new(list->pool, list->series, mount, observed, name);
    else if (list->adapted)
        result = disk_place(disk, list->series, observed, name);
    if (!disk)
        return -1;
    disk->probe.resident = mount->resident; /* a remount may have changed it */
    new->disks[new->count++] = disk;
    return result;
}

/* Makes the list anew from the table. */
static int sync(struct disklist *list)
{
    const struct mounts *mounts = &list->table.mounts;
    struct disklist new = {.disks = calloc(mounts->count + 1, sizeof(struct disk *))};
    size_t from = 0;
    int result = new.disks ? 0 : -1;

    for (size_t i = 0; i < mounts->count && result == 0; i++)
        result = add(list, &mounts->list[i], &new, &from);
    drop_disks(list);
    list->disks = new.disks;
    list->count = new.count;
    if (result < 0)
        drop_disks(list);
    list->adapted = false;
    names_trim(list->names);
    return result;
}

int disklist_refresh(struct disklist *list, bool doubt)
{
    const char *path = NULL;
    const char *why = NULL;

    /* First heard, then watched, then read: so nothing is missed, and one wake-up a look is all
     * that mounts that come and go by the thousand can cause. */
    if (pool_told(list->pool)) {
        mounttable_hear(&list->table);
        pool_watch(list->pool, mounttable_fd(&list->table));
    }
    int changed = mounttable_refresh(&list->table, doubt, &path, &why);

    if (changed > 0 && sync(list) < 0) {
        path = list->table.mountinfo.path;
        why = strerror(ENOMEM);
        mounttable_forget(&list->table);
        changed = -1;
    }
    list->unreadable = changed < 0;
    if (changed < 0) {
        drop_disks(list);
        log_complain(&list->complaint, LOG_LEVEL_WARNING, "disks: %s: %s", path, why);
    } else {
        log_relieve(&list->complaint, "disks: the mount table can be read again");
    }
    return changed;
}

bool disklist_fresh(struct disklist *list, unsigned bit, int64_t now_ns)
{
    bool fresh = !(list->fresh_for & bit) && now_ns - list->fresh_ns < DISKLIST_FRESH_NS;

    if (fresh) {
        list->fresh_for |= bit;
    } else {
        list->fresh_ns = now_ns;
        list->fresh_for = bit;
    }
    return fresh;
}
