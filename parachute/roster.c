#include "parachute/roster.h"

#include <stdlib.h>
#include <string.h>

/* Room for all names, each with a space behind it. */
static size_t names_bytes(const struct roster *roster)
{
    size_t bytes = 1;

    for (size_t i = 0; i < roster->count; i++)
        bytes += strlen(roster->names[i]) + 1;
    return bytes;
}

int roster_open(struct roster *roster, const struct parachute_disk *disks, size_t count,
                struct series_table *series)
{
    int result = 0;

    *roster = (struct roster){.disks = calloc(count + 1, sizeof *roster->disks),
                              .names = calloc(count + 1, sizeof *roster->names),
                              .remembered = calloc(count + 1, sizeof *roster->remembered),
                              .since_s = calloc(count + 1, sizeof *roster->since_s)};
    if (!roster->disks || !roster->names || !roster->remembered || !roster->since_s)
        return -1;
    for (; roster->count < count; roster->count++)
        if (watched_init(&roster->disks[roster->count], &disks[roster->count], series) < 0)
            result = -1;
    if (result < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        roster->names[i] = roster->disks[i].options.name;
    roster->activated_names = calloc(1, names_bytes(roster));
    return roster->activated_names ? 0 : -1;
}

void roster_close(struct roster *roster, struct series_table *series)
{
    for (size_t i = 0; i < roster->count; i++)
        watched_clean(&roster->disks[i], series);
    free(roster->disks);
    free(roster->names);
    free(roster->activated_names);
    free(roster->remembered);
    free(roster->since_s);
    *roster = (struct roster){0};
}

size_t roster_find(const struct roster *roster, const char *mount)
{
    size_t i = 0;

    while (i < roster->count && strcmp(roster->disks[i].options.mount, mount) != 0)
        i++;
    return i;
}

size_t roster_activated(const struct roster *roster)
{
    size_t activated = 0;

    for (size_t i = 0; i < roster->count; i++)
        activated += roster->disks[i].verdict.activated;
    return activated;
}

void roster_tell(struct roster *roster)
{
    char *end = roster->activated_names;

    *end = '\0';
    for (size_t i = 0; i < roster->count; i++) {
        const struct watched *disk = &roster->disks[i];

        roster->since_s[i] = disk->verdict.activated ? disk->since_s : 0;
        if (!disk->verdict.activated)
            continue;
        if (end > roster->activated_names)
            *end++ = ' ';
        end = stpcpy(end, roster->names[i]);
    }
}
