/*
 * header_digests.h - who a message is where UIDL cannot say
 *
 * Without UIDL, or when all of them have changed, identity is size and digest
 * of the header (DESIGN.md 3), which TOP n 0 gives.
 */
#ifndef POSTROOM_FETCH_HEADER_DIGESTS_H
#define POSTROOM_FETCH_HEADER_DIGESTS_H

#include "lib/base/text.h"

struct collect;

struct header_digests {
	unsigned	 rounds;	/* of DECIDE */
	struct text	 rows;		/* a QUEUE_LISTING_DIGESTS */
	uint32_t	 count;
	uint64_t	 bytes;		/* of what TOP says of this one */
	unsigned	 asks;		/* without an answer */
};

/*
 * So much more of an answer to TOP; false: more than there can be of a message,
 * and the conversation is over.
 */
bool	top_grows(struct collect *, uint64_t *bytes, size_t more);
/* The queue wants `look` headers, and may have them. */
bool	header_digests_are_wanted(struct collect *, uint64_t look);
/* The step: tell them, then decide again. */
void	step_digests(struct collect *);

#endif
