/*
 * listing.h - what is in the remote mailbox, told to the queue
 *
 * Message numbers, sizes and identities, as the protocol lists them; when the
 * queue has all of them, it decides what is to be looked at, taken and deleted.
 */
#ifndef POSTROOM_FETCH_LISTING_H
#define POSTROOM_FETCH_LISTING_H

#include "fetch/listing_page.h"
#include "lib/base/text.h"

struct listing {
	bool		 is_begun;	/* the queue keeps it */
	uint64_t	 id;		/* by this name; 0: not known yet */
	uint32_t	 uidvalidity;	/* of numbers that are UIDs; or 0 */
	struct listed	*rows;		/* numbers grow */
	size_t		 count, size;
	size_t		 at;		/* the next to be told */
	uint32_t	 told;		/* the last number that was */
	uint32_t	*numbers;	/* all that were, if they are wanted */
	size_t		 told_count, numbers_size;
	struct text	 page;		/* a QUEUE_LISTING_ROWS */
	uint32_t	 page_rows;
	unsigned	 asks;		/* without an answer */
	bool		 no_list;	/* POP3: LIST was refused */
	bool		 whole;		/* nothing more is listed */
};

/* For protocols: tell the queue that it begins, of this folder or of none. */
void	listing_begin(struct collect *, struct slice folder, bool has_uidl);
/* Keep a row, to be told when its identity is known or nothing more comes. */
void	listing_add(struct collect *, uint32_t number, uint64_t bytes);
/* Tell a row; the next one that is kept, of which no more is known. */
void	listing_tell(struct collect *, uint32_t number, uint64_t bytes,
	    struct slice uidl);
void	listing_tell_bare(struct collect *);
/* Nothing more comes; what is kept is told, then the next step begins. */
void	listing_end(struct collect *);

/* The steps: list; let the queue decide, once more when it knows more. */
void	step_list(struct collect *);
void	step_decide(struct collect *);

#endif
