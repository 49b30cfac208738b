#include "collector/mounttable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READS_MOST 5

int mounttable_open(struct mounttable *table, const char *proc, const struct strings *extra_types)
{
    *table = (struct mounttable){.extra_types = extra_types, .watch = epoll_create1(EPOLL_CLOEXEC)};
    if (table->watch < 0 || procfile_open(&table->mountinfo, proc, "self/mountinfo", false) < 0)
        return -1;
    return procfile_open(&table->filesystems, proc, "filesystems", false);
}

void mounttable_close(struct mounttable *table)
{
    procfile_close(&table->mountinfo);
    procfile_close(&table->filesystems);
    mounts_clean(&table->mounts);
    free(table->parsed);
    if (table->watch >= 0)
        close(table->watch);
    *table = (struct mounttable){.watch = -1};
}

int mounttable_fd(const struct mounttable *table)
{
    return table->watch;
}

void mounttable_hear(struct mounttable *table)
{
    struct epoll_event event;

    epoll_wait(table->watch, &event, 1, 0);
    table->restless = true;
}

/* From here on changes are heard; what came before is read with the next refresh. Edges only, as
 * mountinfo can always be read. */
static void watch(struct mounttable *table)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    int fd = table->mountinfo.fd;

    if (table->watched || fd < 0)
        return;
    table->watched = epoll_ctl(table->watch, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST;
    if (table->watched)
        mounttable_hear(table);
}

void mounttable_forget(struct mounttable *table)
{
    mounts_clean(&table->mounts);
    table->valid = false;
    table->watched = false;
}

/* A table may change while it is read: read until it stood still. */
static int read_mountinfo(struct mounttable *table)
{
    table->restless = true;
    for (int i = 0; i < READS_MOST && table->restless; i++) {
        if (procfile_read(&table->mountinfo) < 0)
            return -1;
        table->restless = procfile_changed(&table->mountinfo) && table->mountinfo.kept;
    }
    return 0;
}

static bool same_as_parsed(const struct mounttable *table)
{
    return table->valid && table->mountinfo.len == table->parsed_len &&
           memcmp(table->mountinfo.text, table->parsed, table->parsed_len) == 0;
}

static int remember(struct mounttable *table)
{
    if (table->parsed_capacity < table->mountinfo.len) {
        char *bytes = realloc(table->parsed, table->mountinfo.len);

        if (!bytes)
            return -1;
        table->parsed = bytes;
        table->parsed_capacity = table->mountinfo.len;
    }
    memcpy(table->parsed, table->mountinfo.text, table->mountinfo.len);
    table->parsed_len = table->mountinfo.len;
    return 0;
}

/* NULL, or why there is no table; `*path` is the file that is to blame. */
static const char *parse(struct mounttable *table, const char **path)
{
    static const char malformed[] = "torn or malformed";

    *path = table->filesystems.path;
    if (procfile_read(&table->filesystems) < 0)
        return strerror(errno);

    const struct fstypes fstypes = {.text = table->filesystems.text,
                                    .len = table->filesystems.len,
                                    .extra = table->extra_types};
    if (fstypes_check(&fstypes) < 0)
        return malformed;
    *path = table->mountinfo.path;
    if (mounts_parse(&table->mounts, table->mountinfo.text, table->mountinfo.len, &fstypes) < 0)
        return malformed;
    return remember(table) < 0 ? strerror(ENOMEM) : NULL;
}

/* Whether the mounts are those of the last refresh. */
static bool stands(const struct mounttable *table, bool doubt)
{
    if (!table->valid || table->restless)
        return false;
    return (table->watched && !doubt) || !procfile_changed(&table->mountinfo);
}

int mounttable_refresh(struct mounttable *table, bool doubt, const char **path, const char **why)
{
    if (stands(table, doubt))
        return 0;
    *path = table->mountinfo.path;
    if (read_mountinfo(table) < 0) {
        *why = strerror(errno);
        mounttable_forget(table);
        return -1;
    }
    if (same_as_parsed(table)) {
        watch(table);
        return 0;
    }

    mounttable_forget(table);
    *why = parse(table, path);
    if (*why) {
        mounts_clean(&table->mounts);
        procfile_reopen(&table->mountinfo); /* it may show a root that is gone (pivot_root) */
        return -1;
    }
    table->valid = true;
    watch(table);
    return 1;
}
