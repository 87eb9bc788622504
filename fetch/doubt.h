/*
 * doubt.h - messages that have not the size they are listed with
 *
 * That may be a server that estimates, a message that a bare dot has cut
 * (HARDENING F14), or answers that are out of step with the commands, each
 * standing for another message (F13, F29).  The first such message is fetched
 * again.  If it is the same again, the server estimates; if it has its size
 * now, it is that; if neither, nothing that came since can be trusted.
 */
#ifndef POSTROOM_FETCH_DOUBT_H
#define POSTROOM_FETCH_DOUBT_H

#include "fetch/submit.h"

struct doubt {
	struct parcel	*first;		/* is being fetched again */
	bool		 asked_again;	/* RETR has been said for it */
	struct parcels	 since;		/* in doubt as well, in their order */
	unsigned	 since_count;
	bool		 estimates;	/* its sizes are known to be wrong */
};

/*
 * A message has come; `again`: it was fetched for a doubt.  Submit it, or keep
 * it until its doubt is cleared up.
 */
void	doubt_judge(struct collect *, struct parcel *, bool again);
/*
 * What is in doubt will not be cleared up: one that is cut is submitted as
 * that, what came after it is left where it is.
 */
void	doubt_settle(struct collect *);
/* Submit nothing of them. */
void	doubt_forget(struct collect *);

#endif
