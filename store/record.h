/*
 * record.h - how a letter stands in a segment
 *
 * A segment is a header and then records, one behind the other.  A record says
 * all of itself (whose, when, how long, its checksums), so that an index can be
 * made again from segments alone; whoever reads one knows from the index how
 * long it must be, and never believes a length that the checksum of the header
 * does not cover.  No I/O here: these are the bytes, letters.h is the files.
 */
#ifndef POSTROOM_STORE_RECORD_H
#define POSTROOM_STORE_RECORD_H

#include "lib/base/id.h"
#include "lib/base/slice.h"

#define HUB_ID_BYTES		16
#define SEGMENT_HEADER_BYTES	36
#define SEGMENT_VERSION		1
#define RECORD_HEADER_BYTES	64

/* Our own header lines, and a message whose bare line ends all grew. */
#define TRACE_MOST_BYTES	(64 * 1024)
#define BODY_MOST_BYTES		(256 * 1024)
/* More than any message a hub takes; keeps sums of sizes far from the end. */
#define LETTER_MOST_BYTES	((uint64_t)1 << 40)

struct record {
	struct message_id id;		/* and action: which letter this is */
	uint32_t	 action;
	uint32_t	 mailbox;	/* where it was delivered */
	uint64_t	 position;	/* in the journal; for repair */
	int64_t		 received_at_utc_ms;
	uint64_t	 body_bytes;	/* of the message, here or big */
	bool		 is_big;	/* the body is not here */
	bool		 lacks_crlf;
	/* of its entry, in index.db only: they change */
	uint8_t		 flags;
	struct slice	 keywords;
	struct slice	 structure;	/* in index.db only; empty: none yet */
	struct message_id moved;	/* same: a name beside `id`, of a big
					   one that was moved here; or zero */
	bool		 is_wanted;	/* same: its person says so */
	bool		 is_spam;	/* or that */
	struct slice	 trace;
	struct slice	 body;		/* empty when it is big */
};

/* The header of segment `number` of the hub. */
void	segment_header_write(const unsigned char hub_id[HUB_ID_BYTES],
	    uint32_t number, unsigned char header_out[SEGMENT_HEADER_BYTES]);
/*
 * 0, -EBADMSG (damaged, or not a segment, or another number), -EPROTO (made by
 * a newer Postroom) or -EXDEV (another hub's).
 */
int	segment_header_check(struct slice header,
	    const unsigned char hub_id[HUB_ID_BYTES], uint32_t number);

/* The header that stands before the trace and the body of `record`. */
void	record_header_write(const struct record *record,
	    unsigned char header_out[RECORD_HEADER_BYTES]);
/*
 * Read the record that `bytes` begins with; its slices point into them.
 *
 *  0        *record_out and *used_out (bytes of the whole record) are set.
 * -EBADMSG  no record, a damaged one, or only part of one.
 */
int	record_parse(struct slice bytes, struct record *record_out,
	    size_t *used_out);
/*
 * Read only the header that `bytes` begins with, whose checksum is good: what
 * stands behind it may be damaged or cut short.  The slices of *record_out are
 * empty; *bytes_out is how long the whole record should be.  0 or -EBADMSG.
 */
int	record_head(struct slice bytes, struct record *record_out,
	    size_t *bytes_out);

#endif
