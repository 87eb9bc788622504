/*
 * abandon.h - what the ABANDON record says: from where on nothing was received
 *
 * For each segment that a failed sync closed: its generation, and the offset of
 * the first record that was never acknowledged.  All behind it is abandoned.
 * The ids that people were told "try again" for are named after that, for
 * whoever reads the journal; replay does not need them, so that an id which is
 * journaled once more later is not lost.
 *
 *	count (u32), generation and offset (u32 each) ...; count (u32), ids ...
 */
#ifndef POSTROOM_QUEUE_ABANDON_H
#define POSTROOM_QUEUE_ABANDON_H

#include "lib/base/pack.h"
#include "queue/journal.h"

#define ABANDON_IDS	1000	/* named; the record must fit any segment */
#define ABANDON_BYTES	(4 + JOURNAL_MOST_SEGMENTS * 8 + 4 + \
			ABANDON_IDS * MESSAGE_ID_BYTES)

struct abandon {
	struct abandon_range {
		uint32_t	generation;
		uint32_t	offset;
	}			range[JOURNAL_MOST_SEGMENTS];
	unsigned		range_count;
	struct message_id	id[ABANDON_IDS];
	unsigned		id_count;
};

/* Everything of `generation` from `offset` on is abandoned. */
void	abandon_from(struct abandon *, uint32_t generation, uint32_t offset);
/* Name one of those records; beyond ABANDON_IDS it is left out. */
void	abandon_name(struct abandon *, const struct message_id *);
/* Nothing is to be abandoned. */
bool	abandon_is_empty(const struct abandon *);
/* The record that says it is durable. */
void	abandon_clear(struct abandon *);
/* Segments that lie below `position` are gone: nothing to say of them. */
void	abandon_settled(struct abandon *, uint64_t position);
/* The record's head, at most ABANDON_BYTES. */
void	abandon_pack(const struct abandon *, struct text *);
/* Read it back.  0 or -EBADMSG. */
int	abandon_unpack(struct slice packed, struct abandon *abandon_out);

#endif
