/*
 * segment.c - the bytes of a journal segment: its head and its records
 *
 * Numbers are little-endian.  A length is believed only when it fits in what is
 * there, a record only when its checksum is right.
 */
#include "queue/segment.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "lib/base/crc32c.h"

static const char head_magic[8] = "PostrmJ\n";

/* A record's magic: "PRec" */
#define RECORD_MAGIC	0x63655250u

/* Where things stand in a segment's head. */
enum {
	HEAD_MAGIC	= 0,
	HEAD_VERSION	= 8,
	HEAD_GENERATION	= 12,
	HEAD_SALT	= 16,
	HEAD_HUB	= 20,
	HEAD_SETTLED	= 36,
	HEAD_CRC	= 44,		/* over all that stands before it */
	HEAD_END	= 48
};

/* Where things stand in a record's head. */
enum {
	RECORD_MAGIC_AT		= 0,
	RECORD_GENERATION	= 4,
	RECORD_KIND		= 8,
	RECORD_HEAD_LEN		= 12,
	RECORD_BYTES_LEN	= 16,
	RECORD_ID		= 20,
	RECORD_RESERVED		= 30,	/* zeroes */
	RECORD_CRC		= 36	/* over this head and what follows */
};

static void
put_u32(unsigned char *at, uint32_t n)
{
	n = htole32(n);
	memcpy(at, &n, sizeof(n));
}

static uint32_t
get_u32(const char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return le32toh(n);
}

static void
put_u64(unsigned char *at, uint64_t n)
{
	n = htole64(n);
	memcpy(at, &n, sizeof(n));
}

static uint64_t
get_u64(const char *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return le64toh(n);
}

void
segment_head_write(const struct segment_head *head,
    unsigned char block_out[SEGMENT_HEAD_BYTES])
{
	unsigned char *at = block_out;

	memset(at, 0, SEGMENT_HEAD_BYTES);
	memcpy(at + HEAD_MAGIC, head_magic, sizeof(head_magic));
	put_u32(at + HEAD_VERSION, SEGMENT_VERSION);
	put_u32(at + HEAD_GENERATION, head->generation);
	put_u32(at + HEAD_SALT, head->salt);
	memcpy(at + HEAD_HUB, head->hub_id, JOURNAL_HUB_BYTES);
	put_u64(at + HEAD_SETTLED, head->settled);
	put_u32(at + HEAD_CRC, crc32c(0, slice_of(at, HEAD_CRC)));
}

static bool
is_zeroes(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != '\0')
			return false;
	return true;
}

int
segment_head_read(struct slice block, struct segment_head *head_out)
{
	block = slice_first(block, SEGMENT_HEAD_BYTES);
	if (is_zeroes(block))
		return -ENOENT;
	if (block.len < HEAD_END ||
	    memcmp(block.at, head_magic, sizeof(head_magic)) != 0 ||
	    get_u32(block.at + HEAD_CRC) !=
	    crc32c(0, slice_first(block, HEAD_CRC)))
		return -EBADMSG;
	/* a newer head keeps magic, version and the place of its checksum */
	if (get_u32(block.at + HEAD_VERSION) != SEGMENT_VERSION)
		return -EPROTO;
	head_out->generation = get_u32(block.at + HEAD_GENERATION);
	head_out->salt = get_u32(block.at + HEAD_SALT);
	memcpy(head_out->hub_id, block.at + HEAD_HUB, JOURNAL_HUB_BYTES);
	head_out->settled = get_u64(block.at + HEAD_SETTLED);
	return 0;
}

static uint64_t
padded(uint64_t bytes)
{
	return (bytes + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

uint64_t
segment_record_bytes(struct slice head, struct slice bytes)
{
	return padded((uint64_t)RECORD_HEAD_BYTES + head.len + bytes.len);
}

static uint32_t
record_sum(const struct segment_head *segment, struct slice fixed,
    struct slice head, struct slice bytes)
{
	uint32_t sum = crc32c(segment->salt, slice_first(fixed, RECORD_CRC));

	sum = crc32c(sum, head);
	return crc32c(sum, bytes);
}

void
segment_record_write(const struct segment_head *segment,
    enum journal_kind kind, const struct message_id *id, struct slice head,
    struct slice bytes, unsigned char out[RECORD_HEAD_BYTES])
{
	memset(out, 0, RECORD_HEAD_BYTES);
	put_u32(out + RECORD_MAGIC_AT, RECORD_MAGIC);
	put_u32(out + RECORD_GENERATION, segment->generation);
	put_u32(out + RECORD_KIND, (uint32_t)kind);
	put_u32(out + RECORD_HEAD_LEN, (uint32_t)head.len);
	put_u32(out + RECORD_BYTES_LEN, (uint32_t)bytes.len);
	memcpy(out + RECORD_ID, id->bytes, MESSAGE_ID_BYTES);
	put_u32(out + RECORD_CRC, record_sum(segment,
	    slice_of(out, RECORD_HEAD_BYTES), head, bytes));
}

bool
segment_record_size(const struct segment_head *segment, struct slice at,
    uint64_t *bytes_out)
{
	if (at.len < RECORD_HEAD_BYTES ||
	    get_u32(at.at + RECORD_MAGIC_AT) != RECORD_MAGIC ||
	    get_u32(at.at + RECORD_GENERATION) != segment->generation)
		return false;
	*bytes_out = (uint64_t)RECORD_HEAD_BYTES +
	    get_u32(at.at + RECORD_HEAD_LEN) +
	    get_u32(at.at + RECORD_BYTES_LEN);
	return true;
}

bool
segment_record_next(const struct segment_head *segment, struct slice all,
    uint32_t *offset, struct journal_record *record_out)
{
	struct slice at = slice_after(all, *offset);
	struct journal_record record;
	uint64_t size;

	if (!segment_record_size(segment, at, &size) || size > at.len)
		return false;
	record.position = segment_position(segment->generation, *offset);
	record.kind = get_u32(at.at + RECORD_KIND);
	memcpy(record.id.bytes, at.at + RECORD_ID, MESSAGE_ID_BYTES);
	record.head = slice_first(slice_after(at, RECORD_HEAD_BYTES),
	    get_u32(at.at + RECORD_HEAD_LEN));
	record.bytes = slice_first(slice_after(at,
	    RECORD_HEAD_BYTES + record.head.len),
	    get_u32(at.at + RECORD_BYTES_LEN));
	if (get_u32(at.at + RECORD_CRC) !=
	    record_sum(segment, at, record.head, record.bytes))
		return false;
	*offset += (uint32_t)padded(size);
	*record_out = record;
	return true;
}

uint64_t
segment_position(uint32_t generation, uint32_t offset)
{
	return (uint64_t)generation << 32 | offset;
}

uint32_t
segment_generation(uint64_t position)
{
	return (uint32_t)(position >> 32);
}

uint32_t
segment_offset(uint64_t position)
{
	return (uint32_t)position;
}
