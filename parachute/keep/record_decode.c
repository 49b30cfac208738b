#include "parachute/keep/record.h"
#include "parachute/keep/slot.h"

#include <limits.h>
#include <string.h>

/* Numbers beyond the end are 0, and the input is failed. */
static uint8_t take_byte(struct bytes_in *in)
{
    const uint8_t *at = bytes_take(in, 1);

    return at ? *at : 0;
}

static uint32_t take_u32(struct bytes_in *in)
{
    const uint8_t *at = bytes_take(in, 4);

    return at ? bytes_get_u32(at) : 0;
}

static uint64_t take_u64(struct bytes_in *in)
{
    const uint8_t *at = bytes_take(in, 8);

    return at ? bytes_get_u64(at) : 0;
}

/* No agent comes near to these; what is read has room to grow. */
#define ATTEMPTS_END 1000000000
#define TURN_END (UINT64_C(1) << 62)

/* Below `end`, or the input is failed. */
static uint32_t take_below(struct bytes_in *in, uint32_t number, uint32_t end)
{
    in->failed = in->failed || number >= end;
    return in->failed ? 0 : number;
}

static int take_int(struct bytes_in *in)
{
    return (int)take_below(in, take_u32(in), (uint32_t)INT_MAX + 1);
}

static int64_t take_time(struct bytes_in *in)
{
    uint64_t time = take_u64(in);

    return time <= SLOT_TIME_MAX_S ? (int64_t)time : 0;
}

/* A text without a NUL, into `text` with one; all of that is set. */
static void take_text(struct bytes_in *in, char *text, size_t room, size_t len)
{
    const uint8_t *at = bytes_take(in, len);

    memset(text, 0, room);
    if (at && memchr(at, '\0', len))
        in->failed = true;
    else if (at)
        memcpy(text, at, len);
}

static bool under_way(const struct plan_run *run)
{
    return run->state == PLAN_PENDING || run->state == PLAN_RUNNING;
}

static void take_plan(struct bytes_in *in, struct plan *plan)
{
    unsigned flags = take_below(in, take_byte(in), SLOT_NODE_END);

    *plan = (struct plan){.activated = (flags & SLOT_NODE_ACTIVATED) != 0,
                          .release_owed = (flags & SLOT_NODE_OWED) != 0};
    for (unsigned i = 0; i < PLAN_EVENTS; i++)
        plan->waits[i] = (flags & (unsigned)SLOT_NODE_WAITS << i) != 0;
    plan->since_s = take_time(in);
    plan->last_number = take_u64(in);
    for (unsigned i = 0; i < PLAN_EVENTS; i++) {
        struct plan_run *run = &plan->runs[i];

        run->state = take_below(in, take_byte(in), PLAN_FAILED + 1);
        run->number = take_u64(in);
        run->attempts = take_below(in, take_u32(in), ATTEMPTS_END);
        run->status = take_int(in);
        run->changed_s = take_time(in);
    }
    if (under_way(&plan->runs[PLAN_ACTIVATE]) && under_way(&plan->runs[PLAN_RELEASE]))
        in->failed = true;
}

/* The pid is none that kill(2) would take for a group. */
static struct process take_process(struct bytes_in *in)
{
    struct process process = {.pid = take_int(in)};

    process.start = take_u64(in);
    process.boot = take_u64(in);
    return process;
}

static void take_tipped(struct bytes_in *in, struct record *record)
{
    struct order_disk *disk = &record->tipped;

    *disk = (struct order_disk){.used_bytes = take_u64(in)};
    disk->free_bytes = take_u64(in);
    disk->used_percent = take_u32(in);
    disk->threshold_percent = take_u32(in);
    size_t name = take_below(in, take_u32(in), ORDER_NAME_MAX);
    size_t mount = take_below(in, take_u32(in), RECORD_MOUNT_MAX);
    take_text(in, disk->name, sizeof disk->name, name);
    take_text(in, record->tipped_mount, sizeof record->tipped_mount, mount);
}

static void take_disk(struct bytes_in *in, struct record_disk *disk)
{
    disk->mount = take_u64(in);
    unsigned flags = take_below(in, take_byte(in), SLOT_DISK_END);
    disk->activated = (flags & SLOT_DISK_ACTIVATED) != 0;
    disk->held_off = (flags & SLOT_DISK_HELD_OFF) != 0;
    disk->since_s = take_time(in);
}

/* The record is set only where it is SLOT_SOUND; tipped.mount not at all. */
static enum slot_kind decode(const uint8_t *slot, struct record *record)
{
    size_t len = 0;
    enum slot_kind kind = slot_look(slot, RECORD_SLOT, SLOT_STATE, &len);

    if (kind != SLOT_SOUND)
        return kind;
    struct bytes_in in = {slot + SLOT_TURN_AT, slot + len, false};
    record->turn = take_u64(&in);
    take_plan(&in, &record->plan);
    record->command = take_process(&in);
    record->supervisor = take_process(&in);
    take_tipped(&in, record);
    record->disk_count = take_below(&in, take_u32(&in), RECORD_DISKS_MAX + 1);
    memset(record->disks, 0, sizeof record->disks);
    for (size_t i = 0; i < record->disk_count; i++)
        take_disk(&in, &record->disks[i]);
    bool right = !in.failed && in.at == in.end && record->turn > 0 && record->turn < TURN_END;
    return right ? SLOT_SOUND : SLOT_DAMAGED;
}

int record_decode(const uint8_t *file, size_t len, struct record *record, bool *torn,
                  const char **why)
{
    static const char *const reasons[] = {
        [SLOT_FOREIGN] = "it is none of ours",
        [SLOT_DAMAGED] = "it is damaged",
        [SLOT_OTHER_VERSION] = "it is of another version",
    };
    struct record states[2];
    enum slot_kind kinds[2] = {SLOT_DAMAGED, SLOT_DAMAGED};

    for (unsigned i = 0; i < 2; i++)
        if (len >= (i + 1) * RECORD_SLOT)
            kinds[i] = decode(file + i * RECORD_SLOT, &states[i]);
    bool bad[2] = {kinds[0] > SLOT_EMPTY, kinds[1] > SLOT_EMPTY};
    if (bad[0] && bad[1]) {
        *why = reasons[kinds[0] > kinds[1] ? kinds[0] : kinds[1]];
        return -1;
    }
    *torn = bad[0] || bad[1];
    if (kinds[0] != SLOT_SOUND && kinds[1] != SLOT_SOUND)
        return 1;

    unsigned place = kinds[0] != SLOT_SOUND ? 1 : 0;
    if (kinds[0] == SLOT_SOUND && kinds[1] == SLOT_SOUND)
        place = states[1].turn > states[0].turn ? 1 : 0;
    *record = states[place];
    record->place = place;
    record->tipped.mount = record->tipped_mount[0] ? record->tipped_mount : NULL;
    return 0;
}
