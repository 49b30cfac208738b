#include "parachute/judge.h"

unsigned judge_percent(uint64_t used_bytes, uint64_t free_bytes)
{
    /* Wide enough that hostile numbers from a file system cannot overflow it. */
    __extension__ typedef unsigned __int128 wide;
    wide whole = (wide)used_bytes + free_bytes;

    return whole == 0 ? 0 : (unsigned)((wide)used_bytes * 100 / whole);
}

struct verdict judge(struct verdict before, const struct reading *reading,
                     unsigned threshold_percent)
{
    struct verdict after = before;

    after.seen = before.seen || reading->state == READING_FAILED || reading->state == READING_OK;
    after.error = reading->state != READING_OK;
    if (after.error)
        return after;
    after.used_percent = judge_percent(reading->used_bytes, reading->free_bytes);
    after.activated = after.used_percent >= threshold_percent;
    return after;
}
