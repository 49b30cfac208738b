/*
 * A slot of the parachute's file: what each of them begins with, see record.h. Private to record.c
 * and record_decode.c.
 *
 * Errors: none. Threads: any, after the first call; safe after a fork.
 */
#ifndef PARACHUTE_SLOT_H
#define PARACHUTE_SLOT_H

#include "parachute/plan.h"

#include <stddef.h>
#include <stdint.h>

#define SLOT_MAGIC_BYTES 8
#define SLOT_STATE "ALTIPARA"
#define SLOT_END "ALTIPEND"

#define SLOT_TIME_MAX_S (UINT64_C(1) << 53)

enum {
    SLOT_TURN_AT = 20, /* here the content begins */
    SLOT_CONTENT_AT = SLOT_TURN_AT,
    SLOT_PLAN_AT = 28,
    SLOT_FIXED_BYTES = 171, /* of a state without texts and disks */
    SLOT_DISK_BYTES = 17,
};

enum {
    SLOT_NODE_ACTIVATED = 1,
    SLOT_NODE_WAITS = 2,
    SLOT_NODE_OWED = SLOT_NODE_WAITS << PLAN_EVENTS,
    SLOT_NODE_END = SLOT_NODE_OWED << 1
};
enum { SLOT_DISK_ACTIVATED = 1, SLOT_DISK_HELD_OFF = 2, SLOT_DISK_END = 4 };

/* Writes the first SLOT_CONTENT_AT bytes; the content is there. */
void slot_seal(uint8_t *slot, const char *magic, size_t len);

/* What a slot is. Of two bad ones the higher says more. */
enum slot_kind { SLOT_SOUND, SLOT_EMPTY, SLOT_FOREIGN, SLOT_DAMAGED, SLOT_OTHER_VERSION };

/* `room`: bytes there are. `len` is set where it is SLOT_SOUND. */
enum slot_kind slot_look(const uint8_t *slot, size_t room, const char *magic, size_t *len);

#endif
