#include "parachute/keep/slot.h"

#include "base/bytes.h"
#include "base/crc.h"

#include <stdbool.h>
#include <string.h>

enum { FORMAT = 1, VERSION_AT = SLOT_MAGIC_BYTES, LEN_AT = 12, CRC_AT = 16 };

static uint32_t sum(const uint8_t *slot, size_t len)
{
    return crc_add(crc_add(0, slot, CRC_AT), slot + SLOT_CONTENT_AT, len - SLOT_CONTENT_AT);
}

void slot_seal(uint8_t *slot, const char *magic, size_t len)
{
    memcpy(slot, magic, SLOT_MAGIC_BYTES);
    bytes_put_u32(slot + VERSION_AT, FORMAT);
    bytes_put_u32(slot + LEN_AT, (uint32_t)len);
    bytes_put_u32(slot + CRC_AT, sum(slot, len));
}

/* Nothing but zeros. */
static bool blank(const uint8_t *slot, size_t room)
{
    return slot[0] == 0 && memcmp(slot, slot + 1, room - 1) == 0;
}

enum slot_kind slot_look(const uint8_t *slot, size_t room, const char *magic, size_t *len)
{
    if (room < SLOT_CONTENT_AT)
        return SLOT_DAMAGED;
    if (memcmp(slot, magic, SLOT_MAGIC_BYTES) != 0)
        return blank(slot, room) ? SLOT_EMPTY : SLOT_FOREIGN;
    size_t sealed = bytes_get_u32(slot + LEN_AT);
    if (sealed > room || sealed < SLOT_CONTENT_AT ||
        bytes_get_u32(slot + CRC_AT) != sum(slot, sealed))
        return SLOT_DAMAGED;
    *len = sealed;
    return bytes_get_u32(slot + VERSION_AT) == FORMAT ? SLOT_SOUND : SLOT_OTHER_VERSION;
}
