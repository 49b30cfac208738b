#include "parachute/run/leavers.h"

#include "base/clock.h"

#include <stdlib.h>

#define FIRST_NS (10 * CLOCK_NS_PER_MS)
#define LAST_NS CLOCK_NS_PER_S

static void reap(struct leavers *leavers)
{
    struct leaver **link = &leavers->first;

    while (*link) {
        struct leaver *leaver = *link;

        if (helper_reap(&leaver->helper)) {
            *link = leaver->next;
            free(leaver);
        } else {
            link = &leaver->next;
        }
    }
}

/* Its socket is closed a moment before a process can be reaped. */
static void look(void *arg)
{
    struct leavers *leavers = arg;

    reap(leavers);
    if (!leavers->first)
        return;
    wait_until(leavers->waits, &leavers->wait, clock_mono_ns() + leavers->wait_ns);
    if (leavers->wait_ns < LAST_NS)
        leavers->wait_ns *= 2;
}

void leavers_open(struct leavers *leavers, struct waits *waits)
{
    *leavers = (struct leavers){.waits = waits, .wait = {.due = look, .arg = leavers}};
}

void leavers_close(struct leavers *leavers)
{
    wait_end(&leavers->wait);
    reap(leavers);
    while (leavers->first) {
        struct leaver *leaver = leavers->first;

        leavers->first = leaver->next;
        free(leaver);
    }
}

void leavers_take(struct leavers *leavers, struct leaver *leaver)
{
    helper_leave(&leaver->helper);
    leaver->next = leavers->first;
    leavers->first = leaver;
    leavers->wait_ns = FIRST_NS;
    look(leavers);
}
