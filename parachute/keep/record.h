/*
 * What the parachute remembers over restarts, and how it lies in the file `state_dir`/parachute:
 *
 *      0             RECORD_SLOT    2 * RECORD_SLOT      + RECORD_END_SLOT
 *      | state       | state        | end of the last run |
 *
 * The state is written to the two slots in turn, so that a torn write leaves the one before. The
 * end is written by the supervisor alone, once for each attempt. All numbers are little-endian,
 * times are seconds since the Unix epoch, a text has no NUL behind it. Each slot begins with:
 *
 *      0   8   "ALTIPARA"; of the end "ALTIPEND"
 *      8   4   version, 1
 *      12  4   length of the slot in bytes, with all of this; what lies behind it means nothing
 *      16  4   CRC-32C (base/crc.h) of all the slot's other bytes
 *
 * The state goes on with:
 *
 *      20  8   turn, below 2^63: the state with the higher one counts; 0 is never in a file
 *      28  1   1: the node is activated, + 2: the activation waits, + 4: the release waits,
 *              + 8: a release is owed
 *      29  8   since when the node is so
 *      37  8   last number given to a run
 *      45  25  last run of an activation: state (1; 0 none, 1 pending, 2 running, 3 finished,
 *              4 failed), number (8), attempts (4), status (4), changed (8)
 *      70  25  last run of a release, alike; not both are running
 *      95  20  command: pid (4), start (8), boot (8); process.h
 *      115 20  supervisor, alike
 *      135 24  disk that tipped the node: bytes used (8), free (8), percent used (4), threshold (4)
 *      159 8   length of its name (4; below 208), length of its mount point (4; below 4096;
 *              0: not known)
 *      167     its name, its mount point, then
 *          4   number of disks, at most 1024; of each:
 *          17  mount point's number (8), 1: activated + 2: held off (1), since when (8)
 *
 * And the end with number (8), attempt (4), status (4), when it ended (8), and the supervisor that
 * wrote it (20), as above.
 *
 * A slot of zeros only is empty. All of it is parsed as hostile input: a slot that breaks any of
 * these rules, or has a byte too few or too many in its length, is bad as a whole; but a time below
 * 0 or above 2^53 is read as 0, not known. When a pending run is due is not stored: after a restart
 * it is due at once. Pure.
 *
 * Errors: -1, nothing is changed. Threads: any.
 */
#ifndef PARACHUTE_RECORD_H
#define PARACHUTE_RECORD_H

#include "base/bytes.h"
#include "parachute/order.h"
#include "parachute/plan.h"
#include "parachute/run/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_SLOT ((size_t)32 * 1024)
#define RECORD_END_SLOT ((size_t)4096)
#define RECORD_BYTES (2 * RECORD_SLOT + RECORD_END_SLOT)
#define RECORD_END_AT (2 * RECORD_SLOT)
#define RECORD_DISKS_MAX 1024
#define RECORD_MOUNT_MAX 4096

/* A disk that is activated or held off; of others nothing is remembered. */
struct record_disk {
    uint64_t mount; /* record_mount of its mount point */
    bool activated;
    bool held_off;
    int64_t since_s; /* wall clock: when it was activated or reset */
};

struct record {
    uint64_t turn;  /* ever growing; given by record_stamp */
    unsigned place; /* after record_decode: which of the two slots it lay in */
    struct plan plan;
    struct process command;    /* of the run that is RUNNING */
    struct process supervisor; /* and who watches it */
    struct order_disk tipped;  /* the disk of the last turn, for a run that is still to come */
    char tipped_mount[RECORD_MOUNT_MAX]; /* what tipped.mount points to after record_decode: of a
                                          * copy of the record it still points into the first */
    size_t disk_count;
    struct record_disk disks[RECORD_DISKS_MAX];
};

/* How one attempt ended. */
struct record_end {
    uint64_t number;
    unsigned attempt;
    int status; /* as plan_ended takes it */
    int64_t ended_s;
    struct process supervisor; /* who wrote it */
};

/* The disks that are to be remembered, at most RECORD_DISKS_MAX of them; whether they are others
 * than before. */
bool record_take_disks(struct record *record, const struct record_disk *disks, size_t count);

/* The disk that turned the node; its mount point is copied. */
void record_take_tipped(struct record *record, const struct order_disk *tipped);

/* The mount point as a number: FNV-1a, 64 bit (base/hash.h says where that comes from). */
uint64_t record_mount(const char *mount);

/* Adds a state's slot, of at most RECORD_SLOT bytes, with the turn 0: it is no good in a file
 * before record_stamp. A mount point that is too long is left out. -1: memory is short, or
 * there are too many disks. */
int record_encode(const struct record *record, struct bytes *slot);

/* Gives the slot its turn. -1: this is no sound slot, but for its turn. */
int record_stamp(uint8_t *slot, size_t len, uint64_t turn);

/*
 * The newer of the file's two states. 1: there is none, as in a new file: both slots are empty, or
 * one is empty and the other bad, since its first write was torn. -1: neither is good; `why` is a
 * static text. `torn` is set to whether just one of them is bad. Takes no more of `file` than the
 * two slots.
 */
int record_decode(const uint8_t *file, size_t len, struct record *record, bool *torn,
                  const char **why);

/* RECORD_END_SLOT bytes. Safe after a fork. */
void record_encode_end(const struct record_end *end, uint8_t *slot);

/* -1: there is none, or it is no good. */
int record_decode_end(const uint8_t *slot, size_t len, struct record_end *end);

#endif
