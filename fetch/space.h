/*
 * space.h - room in the hub for what is being fetched
 *
 * The queue grants bytes before they are asked of the server.  What is granted
 * is in the pool, in a message under way (struct retr), or in a parcel; all of
 * it goes back when the conversation is over.
 */
#ifndef POSTROOM_FETCH_SPACE_H
#define POSTROOM_FETCH_SPACE_H

#include "lib/base/slice.h"

struct collect;

struct space {
	uint64_t	pool;		/* granted, for no message yet */
	bool		asked;		/* a grant */
	bool		modest;		/* ask for one message, no more */
	bool		starved;	/* until one of ours is through */
};

/* What a message of that listed size needs; 0: unknown. */
uint64_t space_for(const struct collect *, uint64_t listed);
/* Take from the pool; false: there is not as much. */
bool	space_take(struct collect *, uint64_t bytes);
/* Back into the pool. */
void	space_put(struct collect *, uint64_t bytes);
/* Have so much in the pool, if more may be asked for now; then turn(). */
void	space_want(struct collect *, uint64_t bytes);
/* The same for the rows at hand, before they need it. */
void	space_ahead(struct collect *);
/* Give the pool back to the queue. */
void	space_return(struct collect *);

#endif
