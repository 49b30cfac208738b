/*
 * The machine's mount table as it stands now: <proc>/self/mountinfo and <proc>/filesystems. Where
 * the kernel tells whether mountinfo changed it is read only then; elsewhere it is read each time
 * and parsed only if its bytes differ. Who hears of changes by mounttable_fd saves the question.
 *
 * Errors: -1 where either file is missing, torn or malformed; nothing is logged here. Threads: the
 * loop's thread only.
 */
#ifndef COLLECTOR_MOUNTTABLE_H
#define COLLECTOR_MOUNTTABLE_H

#include "collector/mounts.h"
#include "collector/procfile.h"
#include "collector/strings.h"

#include <stdbool.h>

struct mounttable {
    struct procfile mountinfo;
    struct procfile filesystems;
    const struct strings *extra_types;
    char *parsed; /* the bytes of mountinfo that `mounts` was made of */
    size_t parsed_len;
    size_t parsed_capacity;
    bool valid;
    bool restless; /* it changed again while it was read, and may have since */
    int watch;     /* an epoll, for mounttable_fd */
    bool watched;  /* it has mountinfo.fd */
    struct mounts mounts;
};

/* Reads nothing yet. -1 with errno; the table is then good only for mounttable_close. */
int mounttable_open(struct mounttable *table, const char *proc, const struct strings *extra_types);

/* Takes a table with nothing in it but a `watch` of -1, too. */
void mounttable_close(struct mounttable *table);

/* Readable once the table may have changed, until mounttable_hear; the next refresh then reads it.
 * The same for the table's life. */
int mounttable_fd(const struct mounttable *table);
void mounttable_hear(struct mounttable *table);

/*
 * Brings `mounts` up to date: 1 where it was made anew, 0 where the same mounts stand as at the
 * last call, -1 where the table cannot be read; then `mounts` is empty, and all is read again at
 * the next call. `*path` and `*why` then name the file and say why; borrowed until the next call.
 * The kernel is asked whether it changed where there is `doubt`, as for all who do not hear.
 */
int mounttable_refresh(struct mounttable *table, bool doubt, const char **path, const char **why);

/* Lets the next refresh make it anew. */
void mounttable_forget(struct mounttable *table);

#endif
