/*
 * What an operator can ask of a running parachute: how things stand, to reset it, and what would
 * be run.
 *
 * Errors: -1, and `why` (OPERATE_WHY_MAX bytes) says so in words for him. Threads: the loop's
 * thread only.
 */
#ifndef PARACHUTE_OPERATE_H
#define PARACHUTE_OPERATE_H

#include "parachute/act/actor.h"
#include "parachute/parachute.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OPERATE_WHY_MAX 512

/* One observed disk; borrowed. */
struct operate_disk {
    const struct parachute_disk *options;
    const struct verdict *verdict;
    const struct reading *reading;
    bool observed;   /* false: a default disk that was never mounted */
    int64_t since_s; /* wall clock: when it became what it is (activated, or not); 0: not known */
};

size_t operate_disks(const struct parachute *parachute);
struct operate_disk operate_disk(const struct parachute *parachute, size_t index);

/* By its name or its mount point; operate_disks() where there is none such. */
size_t operate_find(const struct parachute *parachute, const char *disk);

/* The node, its runs; NULL where it only judges. */
const struct plan *operate_plan(const struct parachute *parachute);

/* The command that is under way; 0: none is. */
pid_t operate_pid(const struct parachute *parachute);

/* As configured; its argv is NULL where there is none. */
const struct order_command *operate_command(const struct parachute *parachute,
                                            enum plan_event event);

/* Which condition held at the disk's last reading that told, in words: "86% used, threshold 80%".
 * OPERATE_CAUSE_MAX bytes. */
#define OPERATE_CAUSE_MAX 96
void operate_cause(const struct parachute *parachute, size_t index, char *text);

/*
 * Releases one disk, or with operate_disks() all, and forgets failed runs; what that means for the
 * node is done at once. A disk that is not activated stays as it is, also one that is held off.
 *
 * Refused, all of it, while one of those that it would release was over its threshold at the last
 * reading, or cannot be read, so that nobody knows, unless `force`: then it is held off, see
 * judge_reset.
 */
int operate_reset(struct parachute *parachute, size_t index, bool force, char *why);

/* The order that would be given if this disk, as it was last read, turned the node; to be freed.
 * NULL: there is no such command, or no memory. */
struct order *operate_order(const struct parachute *parachute, size_t index, enum plan_event event);

/* Runs it, once, see actor_rehearse. */
int operate_rehearse(struct parachute *parachute, size_t index, enum plan_event event,
                     const struct attempt_rehearsal *rehearsal, char *why);
void operate_forget(struct parachute *parachute, const void *arg);

#endif
