/*
 * The disks that stand now, in mount order, kept up to date with the mount table: which mounts are
 * disks (SPEC 4.5), and under which names they are emitted.
 *
 * Errors: a table that cannot be read leaves no disk, is logged, and tried again at the next
 * refresh. Threads: the loop's thread only.
 */
#ifndef COLLECTOR_DISKLIST_H
#define COLLECTOR_DISKLIST_H

#include "base/clock.h"
#include "collector/choices.h"
#include "collector/collector.h"
#include "collector/disk.h"
#include "collector/mounttable.h"
#include "collector/names.h"

struct disklist {
    struct disk **disks;
    size_t count;
    bool unreadable; /* the mount table, at the last refresh */
    struct choices choices;
    const char **observed_names; /* of choices.observed */
    uint32_t error_series;       /* of the whole group */
    struct pool *pool;

    /* Its own. */
    struct series_table *series;
    struct names *names;
    bool adapted; /* since the disks were made: their names and places may be others now */
    struct mounttable table;
    int64_t fresh_ns;   /* when it was last refreshed for a look, monotonic */
    unsigned fresh_for; /* the scopes, as bits, of the looks that had it then */
    struct log_complaint complaint;
};

/* Starts the pool and names the observed ones. -1, logged; nothing is left open then. */
int disklist_open(struct disklist *list, const struct collector_options *options,
                  struct series_table *series);
void disklist_close(struct disklist *list);

/* 1: the options are others, and the next refresh makes the list anew; until then the disks are
 * still those of the old ones. 0: they are the same. -1, logged: all is as before. */
int disklist_adapt(struct disklist *list, const struct collector_options *options);

/* 1: the disks may be others than before; those that stand on are the same structs. 0: they are the
 * same. -1: the table cannot be read, there are none. The pool tells of changes in the mount table;
 * where there is `doubt`, the kernel is asked. */
int disklist_refresh(struct disklist *list, bool doubt);

/* A tick begins with a look of each scope. What the first one found serves the other one too. */
#define DISKLIST_FRESH_NS (20 * CLOCK_NS_PER_MS)

/* For a look of that scope that begins: whether another one just had the list made up to date. If
 * not, it is to be refreshed for this one now. */
bool disklist_fresh(struct disklist *list, unsigned bit, int64_t now_ns);

#endif
