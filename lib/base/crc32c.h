/*
 * crc32c.h - the checksum of all we write down (RFC 3720 B.4)
 *
 * Finds what a disk, a cable or a torn write did to a record; it proves nothing
 * about who wrote it.
 */
#ifndef POSTROOM_BASE_CRC32C_H
#define POSTROOM_BASE_CRC32C_H

#include "lib/base/slice.h"

/*
 * The checksum of `s` behind bytes whose checksum is `crc` (0: none), so that
 * a record in pieces is summed piece by piece.  Uses the processor's own
 * instruction where it has one.
 */
uint32_t	crc32c(uint32_t crc, struct slice s);
/* The same, a byte at a time; for other processors, and to prove the first. */
uint32_t	crc32c_plain(uint32_t crc, struct slice s);

#endif
