/* What the parachute remembers, for tests: records and a file of them, in memory. */
#ifndef TESTS_UNIT_RECORDS_H
#define TESTS_UNIT_RECORDS_H

#include "parachute/keep/record.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* Something in each field; `seed` makes it another one. */
static inline void records_fill(struct record *record, unsigned seed, size_t disks)
{
    *record = (struct record){
        .plan = {.activated = seed % 2 == 1, .since_s = 1000 + seed, .last_number = 70 + seed},
        .command = {.pid = 4000 + (pid_t)seed, .start = 123456789012 + seed, .boot = UINT64_MAX},
        .supervisor = {.pid = 3999, .start = 123456789000, .boot = UINT64_MAX},
        .tipped = {.name = "_var",
                   .mount = "/var",
                   .used_bytes = 90,
                   .free_bytes = UINT64_C(1) << 40,
                   .used_percent = 90,
                   .threshold_percent = 80},
        .disk_count = disks,
    };
    record->plan.runs[PLAN_ACTIVATE] = (struct plan_run){.state = PLAN_RUNNING,
                                                         .number = 69 + seed,
                                                         .attempts = 2,
                                                         .status = PLAN_STATUS_TIMEOUT,
                                                         .changed_s = 2000};
    record->plan.runs[PLAN_RELEASE] = (struct plan_run){
        .state = PLAN_FAILED, .number = 68, .attempts = 4, .status = 3, .changed_s = 1900};
    record->plan.waits[PLAN_RELEASE] = true;
    record->plan.release_owed = true;
    for (size_t i = 0; i < disks; i++)
        record->disks[i] = (struct record_disk){.mount = UINT64_MAX - seed - i,
                                                .activated = i % 2 == 0,
                                                .held_off = i % 3 == 0,
                                                .since_s = 3000 + (int64_t)i};
}

static inline void records_same_run(const struct plan_run *left, const struct plan_run *right)
{
    assert_int_equal(left->state, right->state);
    assert_int_equal(left->number, right->number);
    assert_int_equal(left->attempts, right->attempts);
    assert_int_equal(left->status, right->status);
    assert_int_equal(left->changed_s, right->changed_s);
    assert_int_equal(right->due_ns, 0);
}

static inline void records_same_process(const struct process *left, const struct process *right)
{
    assert_int_equal(left->pid, right->pid);
    assert_int_equal(left->start, right->start);
    assert_int_equal(left->boot, right->boot);
}

/* All but turn and place. */
static inline void records_same(const struct record *left, const struct record *right)
{
    assert_int_equal(left->plan.activated, right->plan.activated);
    assert_int_equal(left->plan.since_s, right->plan.since_s);
    assert_int_equal(left->plan.last_number, right->plan.last_number);
    assert_int_equal(left->plan.release_owed, right->plan.release_owed);
    for (unsigned i = 0; i < PLAN_EVENTS; i++) {
        records_same_run(&left->plan.runs[i], &right->plan.runs[i]);
        assert_int_equal(left->plan.waits[i], right->plan.waits[i]);
    }
    records_same_process(&left->command, &right->command);
    records_same_process(&left->supervisor, &right->supervisor);
    assert_string_equal(left->tipped.name, right->tipped.name);
    assert_int_equal(!left->tipped.mount, !right->tipped.mount);
    if (left->tipped.mount)
        assert_string_equal(left->tipped.mount, right->tipped.mount);
    assert_int_equal(left->tipped.used_bytes, right->tipped.used_bytes);
    assert_int_equal(left->tipped.free_bytes, right->tipped.free_bytes);
    assert_int_equal(left->tipped.used_percent, right->tipped.used_percent);
    assert_int_equal(left->tipped.threshold_percent, right->tipped.threshold_percent);
    assert_int_equal(left->disk_count, right->disk_count);
    for (size_t i = 0; i < left->disk_count; i++) {
        assert_int_equal(left->disks[i].mount, right->disks[i].mount);
        assert_int_equal(left->disks[i].activated, right->disks[i].activated);
        assert_int_equal(left->disks[i].held_off, right->disks[i].held_off);
        assert_int_equal(left->disks[i].since_s, right->disks[i].since_s);
    }
}

/* Puts the record into one of the file's slots; gives its length. */
static inline size_t records_put(uint8_t *file, unsigned place, const struct record *record,
                                 uint64_t turn)
{
    struct bytes slot = {0};

    assert_int_equal(record_encode(record, &slot), 0);
    assert_int_equal(record_stamp(slot.data, slot.len, turn), 0);
    memcpy(file + place * RECORD_SLOT, slot.data, slot.len);
    size_t len = slot.len;
    bytes_clean(&slot);
    return len;
}

static inline size_t records_put_seed(uint8_t *file, unsigned place, unsigned seed, uint64_t turn)
{
    static struct record record;

    records_fill(&record, seed, 2);
    return records_put(file, place, &record, turn);
}

/* Whether the file's state is the one of `seed`, with 2 disks. */
static inline void records_check_seed(const struct record *found, unsigned seed)
{
    static struct record record;

    records_fill(&record, seed, 2);
    records_same(&record, found);
}

/* The same numbers each time. */
static inline uint32_t records_any(void)
{
    static uint64_t seed = 88172645463325252;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20);
}

#endif
