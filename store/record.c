/*
 * record.c - how a letter stands in a segment
 *
 * The header of a record; numbers are little-endian:
 *
 *	 0  magic "PRl1"		24  journal position (8)
 *	 4  bytes of trace		32  received, ms since 1970 (8)
 *	 8  flags			40  bytes of the message (8)
 *	12  action			48  message id (10), zero (2)
 *	16  mailbox			60  CRC32C of the 60 bytes before
 *	20  CRC32C of the pieces	64  trace, then body
 */
#include "store/record.h"

#include <errno.h>
#include <string.h>

#include "lib/base/crc32c.h"

#define RECORD_MAGIC	0x316c5250u	/* "PRl1" */
#define FLAG_BIG	0x01u
#define FLAG_LACKS_CRLF	0x02u

static const char segment_magic[8] = "PRsegmnt";

static void
put(unsigned char *at, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (unsigned char)(n >> (8 * i));
}

static uint64_t
get(const char *at, size_t bytes)
{
	uint64_t n = 0;

	for (size_t i = bytes; i-- > 0;)
		n = n << 8 | (unsigned char)at[i];
	return n;
}

static uint32_t
get_u32(const char *at)
{
	return (uint32_t)get(at, 4);
}

void
segment_header_write(const unsigned char hub_id[HUB_ID_BYTES], uint32_t number,
    unsigned char header[SEGMENT_HEADER_BYTES])
{
	memcpy(header, segment_magic, 8);
	put(header + 8, SEGMENT_VERSION, 4);
	put(header + 12, number, 4);
	memcpy(header + 16, hub_id, HUB_ID_BYTES);
	put(header + 32, crc32c(0, slice_of(header, 32)), 4);
}

int
segment_header_check(struct slice header,
    const unsigned char hub_id[HUB_ID_BYTES], uint32_t number)
{
	if (header.len < SEGMENT_HEADER_BYTES ||
	    memcmp(header.at, segment_magic, 8) != 0 ||
	    crc32c(0, slice_first(header, 32)) != get_u32(header.at + 32))
		return -EBADMSG;
	if (get_u32(header.at + 8) > SEGMENT_VERSION)
		return -EPROTO;
	if (memcmp(header.at + 16, hub_id, HUB_ID_BYTES) != 0)
		return -EXDEV;
	return get_u32(header.at + 12) == number ? 0 : -EBADMSG;
}

void
record_header_write(const struct record *record,
    unsigned char header[RECORD_HEADER_BYTES])
{
	uint32_t flags = (record->is_big ? FLAG_BIG : 0) |
	    (record->lacks_crlf ? FLAG_LACKS_CRLF : 0);

	put(header, RECORD_MAGIC, 4);
	put(header + 4, record->trace.len, 4);
	put(header + 8, flags, 4);
	put(header + 12, record->action, 4);
	put(header + 16, record->mailbox, 4);
	put(header + 20, crc32c(crc32c(0, record->trace), record->body), 4);
	put(header + 24, record->position, 8);
	put(header + 32, (uint64_t)record->received_at_utc_ms, 8);
	put(header + 40, record->body_bytes, 8);
	memcpy(header + 48, record->id.bytes, MESSAGE_ID_BYTES);
	put(header + 58, 0, 2);
	put(header + 60, crc32c(0, slice_of(header, 60)), 4);
}

int
record_head(struct slice bytes, struct record *record_out, size_t *bytes_out)
{
	struct record record = { .is_big = false };
	const char *at = bytes.at;
	size_t trace_bytes;
	uint32_t flags;

	if (bytes.len < RECORD_HEADER_BYTES || get_u32(at) != RECORD_MAGIC ||
	    crc32c(0, slice_first(bytes, 60)) != get_u32(at + 60))
		return -EBADMSG;
	trace_bytes = get_u32(at + 4);
	flags = get_u32(at + 8);
	record.action = get_u32(at + 12);
	record.mailbox = get_u32(at + 16);
	record.position = get(at + 24, 8);
	record.received_at_utc_ms = (int64_t)get(at + 32, 8);
	record.body_bytes = get(at + 40, 8);
	memcpy(record.id.bytes, at + 48, MESSAGE_ID_BYTES);
	record.is_big = (flags & FLAG_BIG) != 0;
	record.lacks_crlf = (flags & FLAG_LACKS_CRLF) != 0;
	/* a checksum proves no honesty: what we never write is none */
	if (trace_bytes > TRACE_MOST_BYTES ||
	    record.body_bytes > LETTER_MOST_BYTES ||
	    (!record.is_big && record.body_bytes > BODY_MOST_BYTES))
		return -EBADMSG;
	*record_out = record;
	*bytes_out = RECORD_HEADER_BYTES + trace_bytes +
	    (record.is_big ? 0 : (size_t)record.body_bytes);
	return 0;
}

int
record_parse(struct slice bytes, struct record *record_out, size_t *used_out)
{
	struct record record;
	size_t used;
	int r = record_head(bytes, &record, &used);

	if (r < 0)
		return r;
	if (bytes.len < used)
		return -EBADMSG;
	record.trace = slice_of(bytes.at + RECORD_HEADER_BYTES,
	    get_u32(bytes.at + 4));
	record.body = slice_of(record.trace.at + record.trace.len,
	    used - RECORD_HEADER_BYTES - record.trace.len);
	if (crc32c(crc32c(0, record.trace), record.body) !=
	    get_u32(bytes.at + 20))
		return -EBADMSG;
	*record_out = record;
	*used_out = used;
	return 0;
}
