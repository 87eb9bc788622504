/*
 * segment.h - the bytes of a journal segment: its head and its records
 *
 * Only memory in here, so that the reader can be fuzzed.  A head fills the
 * first block; records follow, each padded to 8 bytes.  A record's checksum
 * begins from the segment's salt, which is drawn anew each time the segment is
 * begun: a record of an earlier life never passes, even if its generation does.
 *
 *	head	magic, version, generation, salt, hub id, settled, CRC32C
 *	record	magic, generation, kind, head and message lengths, message id,
 *		CRC32C; then the head's bytes and the message's
 *
 * Sectors are taken to be written whole or not at all, and rewriting one with
 * the same bytes in front not to harm those (SQLite calls this powersafe
 * overwrite); a batch therefore goes on right behind the one before.
 */
#ifndef POSTROOM_QUEUE_SEGMENT_H
#define POSTROOM_QUEUE_SEGMENT_H

#include "queue/journal.h"

#define SEGMENT_HEAD_BYTES	4096u
#define SEGMENT_VERSION		1
#define RECORD_HEAD_BYTES	40u
#define RECORD_ALIGN		8u

struct segment_head {
	uint32_t	generation;
	uint32_t	salt;
	unsigned char	hub_id[JOURNAL_HUB_BYTES];
	uint64_t	settled;	/* all below it was, when this began */
};

/* The head as its block. */
void	segment_head_write(const struct segment_head *,
	    unsigned char block_out[SEGMENT_HEAD_BYTES]);

/*
 * Read the head that begins `block`.
 *  0        *head_out is set.
 * -ENOENT   the block is all zeroes: the segment was never begun.
 * -EBADMSG  it is damaged, or something else altogether.
 * -EPROTO   it is right, but of a version we do not know.
 */
int	segment_head_read(struct slice block, struct segment_head *head_out);

/* Bytes that a record takes, padded; may exceed any segment. */
uint64_t segment_record_bytes(struct slice head, struct slice bytes);

/* The 40 bytes that come before `head` and `bytes`. */
void	segment_record_write(const struct segment_head *, enum journal_kind,
	    const struct message_id *, struct slice head, struct slice bytes,
	    unsigned char out[RECORD_HEAD_BYTES]);

/*
 * Read the record at `*offset` of `segment` (all its bytes, head included) and
 * move `*offset` behind it.  False, with nothing changed, when what stands
 * there is no whole record of this segment's life: nothing after it counts.
 */
bool	segment_record_next(const struct segment_head *, struct slice segment,
	    uint32_t *offset, struct journal_record *record_out);

/*
 * What the 40 bytes at `at` promise, before anything of the rest is known: the
 * whole record's bytes, without padding.  False when they are no record head
 * of this generation.
 */
bool	segment_record_size(const struct segment_head *, struct slice at,
	    uint64_t *bytes_out);

/* A position and its parts. */
uint64_t segment_position(uint32_t generation, uint32_t offset);
uint32_t segment_generation(uint64_t position);
uint32_t segment_offset(uint64_t position);

#endif
