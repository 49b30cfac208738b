#include "parachute/keep/record.h"

#include "parachute/keep/slot.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Of the end. */
enum {
    NUMBER_AT = SLOT_CONTENT_AT,
    ATTEMPT_AT = 28,
    STATUS_AT = 32,
    ENDED_AT = 36,
    PID_AT = 44,
    START_AT = 48,
    BOOT_AT = 56,
    END_BYTES = 64
};

_Static_assert(SLOT_FIXED_BYTES + ORDER_NAME_MAX + RECORD_MOUNT_MAX +
                       RECORD_DISKS_MAX * SLOT_DISK_BYTES <=
                   RECORD_SLOT,
               "the largest state fits into a slot");

bool record_take_disks(struct record *record, const struct record_disk *disks, size_t count)
{
    bool same = count == record->disk_count;

    if (count > RECORD_DISKS_MAX)
        count = RECORD_DISKS_MAX;
    for (size_t i = 0; i < count; i++) {
        struct record_disk *known = &record->disks[i];

        if (known->mount != disks[i].mount || known->activated != disks[i].activated ||
            known->held_off != disks[i].held_off || known->since_s != disks[i].since_s)
            same = false;
        *known = disks[i];
    }
    record->disk_count = count;
    return !same;
}

void record_take_tipped(struct record *record, const struct order_disk *tipped)
{
    record->tipped = *tipped;
    record->tipped.mount = NULL;
    if (!tipped->mount)
        return;
    snprintf(record->tipped_mount, sizeof record->tipped_mount, "%s", tipped->mount);
    record->tipped.mount = record->tipped_mount;
}

uint64_t record_mount(const char *mount)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *mount; mount++)
        hash = (hash ^ (uint8_t)*mount) * UINT64_C(1099511628211);
    return hash;
}

static void add_byte(struct bytes *out, unsigned number)
{
    bytes_add(out, &(uint8_t){(uint8_t)number}, 1);
}

static void add_u32(struct bytes *out, uint32_t number)
{
    uint8_t coded[4];

    bytes_put_u32(coded, number);
    bytes_add(out, coded, sizeof coded);
}

static void add_u64(struct bytes *out, uint64_t number)
{
    uint8_t coded[8];

    bytes_put_u64(coded, number);
    bytes_add(out, coded, sizeof coded);
}

/* What is below 0 is no pid and no status; a slot with it would be refused. */
static void add_int(struct bytes *out, int number)
{
    add_u32(out, number > 0 ? (uint32_t)number : 0);
}

static void add_plan(struct bytes *out, const struct plan *plan)
{
    unsigned flags = (plan->activated ? (unsigned)SLOT_NODE_ACTIVATED : 0) |
                     (plan->release_owed ? (unsigned)SLOT_NODE_OWED : 0);

    for (unsigned i = 0; i < PLAN_EVENTS; i++)
        flags |= plan->waits[i] ? (unsigned)SLOT_NODE_WAITS << i : 0;
    add_byte(out, flags);
    add_u64(out, (uint64_t)plan->since_s);
    add_u64(out, plan->last_number);
    for (unsigned i = 0; i < PLAN_EVENTS; i++) {
        const struct plan_run *run = &plan->runs[i];

        add_byte(out, run->state);
        add_u64(out, run->number);
        add_u32(out, run->attempts);
        add_int(out, run->status);
        add_u64(out, (uint64_t)run->changed_s);
    }
}

static void add_process(struct bytes *out, const struct process *process)
{
    add_int(out, process->pid);
    add_u64(out, process->start);
    add_u64(out, process->boot);
}

static void add_tipped(struct bytes *out, const struct order_disk *disk)
{
    size_t name = strnlen(disk->name, ORDER_NAME_MAX - 1);
    size_t mount = disk->mount ? strlen(disk->mount) : 0;

    if (mount >= RECORD_MOUNT_MAX) /* none at all rather than another one */
        mount = 0;
    add_u64(out, disk->used_bytes);
    add_u64(out, disk->free_bytes);
    add_u32(out, disk->used_percent);
    add_u32(out, disk->threshold_percent);
    add_u32(out, (uint32_t)name);
    add_u32(out, (uint32_t)mount);
    bytes_add(out, disk->name, name);
    bytes_add(out, disk->mount, mount);
}

static void add_disk(struct bytes *out, const struct record_disk *disk)
{
    add_u64(out, disk->mount);
    add_byte(out, (disk->activated ? SLOT_DISK_ACTIVATED : 0U) |
                      (disk->held_off ? SLOT_DISK_HELD_OFF : 0U));
    add_u64(out, (uint64_t)disk->since_s);
}

int record_encode(const struct record *record, struct bytes *slot)
{
    static const uint8_t header[SLOT_PLAN_AT];
    size_t start = slot->len;

    if (record->disk_count > RECORD_DISKS_MAX)
        return -1;
    bytes_add(slot, header, sizeof header);
    add_plan(slot, &record->plan);
    add_process(slot, &record->command);
    add_process(slot, &record->supervisor);
    add_tipped(slot, &record->tipped);
    add_u32(slot, (uint32_t)record->disk_count);
    for (size_t i = 0; i < record->disk_count; i++)
        add_disk(slot, &record->disks[i]);
    if (slot->failed) {
        bytes_cut(slot, start);
        return -1;
    }
    slot_seal(slot->data + start, SLOT_STATE, slot->len - start);
    return 0;
}

int record_stamp(uint8_t *slot, size_t len, uint64_t turn)
{
    size_t sealed = 0;

    if (len > RECORD_SLOT || slot_look(slot, len, SLOT_STATE, &sealed) != SLOT_SOUND ||
        sealed != len || len < SLOT_FIXED_BYTES)
        return -1;
    bytes_put_u64(slot + SLOT_TURN_AT, turn);
    slot_seal(slot, SLOT_STATE, len);
    return 0;
}

void record_encode_end(const struct record_end *end, uint8_t *slot)
{
    memset(slot, 0, RECORD_END_SLOT);
    bytes_put_u64(slot + NUMBER_AT, end->number);
    bytes_put_u32(slot + ATTEMPT_AT, end->attempt);
    bytes_put_u32(slot + STATUS_AT, end->status > 0 ? (uint32_t)end->status : 0);
    bytes_put_u64(slot + ENDED_AT, (uint64_t)end->ended_s);
    bytes_put_u32(slot + PID_AT, end->supervisor.pid > 0 ? (uint32_t)end->supervisor.pid : 0);
    bytes_put_u64(slot + START_AT, end->supervisor.start);
    bytes_put_u64(slot + BOOT_AT, end->supervisor.boot);
    slot_seal(slot, SLOT_END, END_BYTES);
}

int record_decode_end(const uint8_t *slot, size_t len, struct record_end *end)
{
    size_t sealed = 0;

    if (slot_look(slot, len, SLOT_END, &sealed) != SLOT_SOUND || sealed != END_BYTES)
        return -1;
    uint32_t status = bytes_get_u32(slot + STATUS_AT);
    uint64_t ended = bytes_get_u64(slot + ENDED_AT);
    uint32_t pid = bytes_get_u32(slot + PID_AT);
    if (status > INT_MAX || pid > INT_MAX)
        return -1;
    *end = (struct record_end){.number = bytes_get_u64(slot + NUMBER_AT),
                               .attempt = bytes_get_u32(slot + ATTEMPT_AT),
                               .status = (int)status,
                               .ended_s = ended <= SLOT_TIME_MAX_S ? (int64_t)ended : 0,
                               .supervisor = {.pid = (pid_t)pid,
                                              .start = bytes_get_u64(slot + START_AT),
                                              .boot = bytes_get_u64(slot + BOOT_AT)}};
    return 0;
}
