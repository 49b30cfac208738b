/* Other options while it runs: all that can fail is made beside what stands, then they change
 * places. */
#include "parachute/parachute.h"

#include "base/log.h"
#include "parachute/node.h"

#include <string.h>

static void carry_over(struct roster *to, const struct roster *from)
{
    for (size_t i = 0; i < to->count; i++) {
        size_t k = roster_find(from, to->disks[i].options.mount);

        if (k < from->count)
            watched_carry(&to->disks[i], &from->disks[k]);
    }
}

static void log_forgotten(const struct roster *from, const struct roster *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct watched *disk = &from->disks[i];

        if (disk->verdict.activated && roster_find(to, disk->options.mount) == to->count)
            log_write(LOG_LEVEL_WARNING,
                      "parachute: %s is activated, but not observed any more, and is forgotten",
                      disk->options.mount);
    }
}

/* Which of the new disks turned the node last; their count: none of them, or it is not known. */
static size_t find_tipped(const struct parachute *parachute, const struct roster *roster)
{
    bool released = parachute_activated(parachute) && roster_activated(roster) == 0;

    if (released || parachute->tipped >= parachute->roster.count)
        return roster->count;
    return roster_find(roster, parachute->roster.disks[parachute->tipped].options.mount);
}

int parachute_adapt(struct parachute *parachute, const struct parachute_options *options)
{
    struct roster roster;

    if (roster_open(&roster, options->disks, options->count, parachute->series) < 0) {
        log_write(LOG_LEVEL_ERROR, "parachute: other options: out of memory");
        goto failed;
    }
    carry_over(&roster, &parachute->roster);
    roster_tell(&roster);
    const struct actor_options acting = node_acting(options, &roster);
    if (parachute->actor && actor_adapt(parachute->actor, &acting, roster.since_s) < 0)
        goto failed;

    log_forgotten(&parachute->roster, &roster);
    parachute->tipped = find_tipped(parachute, &roster);
    roster_close(&parachute->roster, parachute->series);
    parachute->roster = roster;
    parachute->options = *options;
    parachute->options.disks = NULL; /* they were copied */
    parachute->activated_count = roster_activated(&roster);
    if (roster.count == 0) /* there will be no cycle */
        node_tell(parachute);
    return 0;

failed:
    roster_close(&roster, parachute->series);
    return -1;
}
