/*
 * listing_page.h - what the queue wants taken, looked at or deleted
 *
 * The rows of one part of the listing, a page at a time.  There is a row, or
 * collect's turn() is called when the next page has come.
 */
#ifndef POSTROOM_FETCH_LISTING_PAGE_H
#define POSTROOM_FETCH_LISTING_PAGE_H

#include "queue/service.h"

struct collect;

/* What the server lists. */
struct listed {
	uint32_t	number;
	enum listing_note note;
	uint64_t	bytes;		/* 0: unknown */
	uint64_t	half;		/* of them, here already (resume.h) */
};

struct listing_page {
	enum listing_part part;
	struct listed	 rows[LISTING_PAGE];
	unsigned	 count, at;
	enum listing_order order;
	struct listed	 after;		/* the last of all pages; number 0 */
	bool		 asked;
	uint64_t	 round;		/* an answer of another is not heard */
	bool		 is_last;
};

/* Stand before the first row of a part. */
void	listing_page_begin(struct collect *, enum listing_part);
/*
 * The next row, or NULL: there is none now; listing_page_is_over() tells
 * whether there will be.
 */
const struct listed *listing_page_row(struct collect *);
/* Consume it. */
void	listing_page_next(struct collect *);
bool	listing_page_is_over(const struct collect *);

#endif
