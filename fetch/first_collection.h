/*
 * first_collection.h - the first collection: what of the old mail is wanted
 *
 * Its owner has said so when the account was added; where nobody has, nothing
 * is taken.  What is not wanted is told to the ledger and stays where it is for
 * ever.
 */
#ifndef POSTROOM_FETCH_FIRST_COLLECTION_H
#define POSTROOM_FETCH_FIRST_COLLECTION_H

#include "lib/base/text.h"

struct collect;

struct first_collection {
	char		*header;	/* BIG_BYTES; NULL: none is looked at */
	size_t		 header_len;
	uint64_t	 bytes;		/* of what TOP says of this one */
	size_t		 next;		/* rows before it are not asked yet */
	int64_t		 oldest_utc;	/* seconds: what is before is old */
	unsigned	 old_ones;	/* in a row */
	uint32_t	 old_from, old_to;	/* a range; 0: none */
	struct text	 leave;		/* a QUEUE_LISTING_LEAVE */
	uint32_t	 leave_count;
	bool		 asked;		/* LEAVE */
	bool		 whole;		/* nothing more to be looked at */
	bool		 settled;	/* and the ledger knows that */
};

/* The step: leave what is not wanted, if it is the first; then decide. */
void	step_first(struct collect *);

#endif
