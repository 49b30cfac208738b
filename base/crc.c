#include "base/crc.h"

#include <stdbool.h>

#define POLYNOMIAL UINT32_C(0x82F63B78) /* 0x1EDC6F41 with its bits reversed */

static void fill(uint32_t table[256])
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        table[byte] = crc;
    }
}

uint32_t crc_add(uint32_t crc, const void *data, size_t len)
{
    static uint32_t table[256];
    static bool filled;
    const uint8_t *at = data;

    if (!filled)
        fill(table);
    filled = true;
    crc = ~crc;
    for (; len > 0; len--)
        crc = table[(crc ^ *at++) & 0xff] ^ crc >> 8;
    return ~crc;
}
