/* The real machine's mounts, by mount point. */
#ifndef TESTS_UNIT_PROC_MOUNT_ID_H
#define TESTS_UNIT_PROC_MOUNT_ID_H

#include "collector/mounttable.h"
#include "tests/unit/proc/cases.h"

/* What stands at `point` now; 0: nothing. */
static inline uint64_t mount_id(const char *point)
{
    static const struct strings none = {0};
    struct mounttable table;
    const char *blamed = NULL;
    const char *why = NULL;
    uint64_t id = 0;

    assert_int_equal(mounttable_open(&table, "/proc", &none), 0);
    assert_int_equal(mounttable_refresh(&table, false, &blamed, &why), 1);
    for (size_t i = 0; i < table.mounts.count; i++)
        if (strcmp(table.mounts.list[i].point, point) == 0)
            id = table.mounts.list[i].id;
    mounttable_close(&table);
    return id;
}

#endif
