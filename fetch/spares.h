/*
 * spares.h - what the line is spared, told to the ledger
 *
 * What is left or put off is listed again each time; the ledger remembers which
 * of it was told before, so that each message is counted once in what the line
 * has saved (line_bill.h).
 */
#ifndef POSTROOM_FETCH_SPARES_H
#define POSTROOM_FETCH_SPARES_H

#include "lib/base/pack.h"
#include "queue/service.h"

struct collect;
struct listed;

/* Of one listing. */
struct spares {
	struct text	 rows;		/* of a QUEUE_LISTING_SPARED */
	uint32_t	 count;
	bool		 has_large;	/* of it, some are too large */
	unsigned	 asks;		/* without an answer */
};

/*
 * This row is not downloaded now, for that reason; so many bytes of it were:
 * its header.
 */
void	spares_add(struct collect *, const struct listed *, enum spared,
	    uint64_t carried);
/*
 * Nothing of this listing comes behind: tell the rest.  False: an answer is
 * awaited, and conversation_turn() is called with it.
 */
bool	spares_are_told(struct collect *);
/* An answer's packed listing_spared goes on the bill; false: it is none. */
bool	spares_read(struct collect *, struct unpack *);

#endif
