/*
 * listing.h - what is in the remote mailbox, told to the queue
 *
 * LIST and UIDL are one listing; when the queue has all of it, it decides what
 * is to be looked at, taken and deleted.
 */
#ifndef POSTROOM_FETCH_LISTING_H
#define POSTROOM_FETCH_LISTING_H

#include "fetch/listing_page.h"
#include "lib/base/text.h"

struct listing {
	bool		 is_begun;	/* the queue keeps it */
	struct listed	*rows;		/* of LIST; numbers grow */
	size_t		 count, size;
	size_t		 at;		/* the next to be told */
	uint32_t	 told;		/* the last number that was */
	uint32_t	*numbers;	/* all that were, if they are wanted */
	size_t		 told_count, numbers_size;
	struct text	 page;		/* a QUEUE_LISTING_ROWS */
	uint32_t	 page_rows;
	unsigned	 asks;		/* without an answer */
	bool		 no_list;	/* LIST was refused */
	bool		 whole;		/* nothing more comes of UIDL */
};

/* The steps: list; let the queue decide, once more when it knows more. */
void	step_list(struct collect *);
void	step_decide(struct collect *);

#endif
