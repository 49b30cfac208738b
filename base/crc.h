/*
 * CRC-32C (Castagnoli): polynomial 0x1EDC6F41, reflected, as iSCSI has it (RFC 3720, appendix B.4).
 * The check value of "123456789" is 0xE3069283.
 *
 * Errors: none. Threads: any, after the first call.
 */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`, which is 0 at first: the sum over parts is the sum over the whole. */
uint32_t crc_add(uint32_t crc, const void *data, size_t len);

#endif
