/*
 * take.h - which messages are asked for, and when
 *
 * A window of RETRs is under way, bounded by count and by listed bytes.  Space
 * is granted before a message is asked for, and a message that is in doubt
 * (doubt.h) is fetched once more before any other.
 */
#ifndef POSTROOM_FETCH_TAKE_H
#define POSTROOM_FETCH_TAKE_H

#include "fetch/incoming.h"

struct listed;

struct take {
	struct retr	ring[PROTOCOL_WINDOW];	/* under way, in order */
	unsigned	first, count;
	uint64_t	listed;		/* bytes of these */
	bool		paused;		/* no more of them */
};

/* RETRs are under way, a message comes in, or submissions are. */
bool	take_is_in_transit(const struct collect *);
/* It stays where it is; the protocol's own reasons do not count as waiting. */
bool	take_is_left(struct collect *, const struct listed *);
/* The hub has no room: what is under way is finished, and no more begun. */
void	take_pause(struct collect *, struct slice words);
/*
 * The line has closed: when the message at hand is over, or cut where it can be
 * resumed, nothing that was asked for ahead is waited for.
 */
void	take_close(struct collect *, struct slice words);
/* The conversation is over: what is whole goes to the queue, the rest not. */
void	take_cut(struct collect *);
/* The step: take what is to be taken, then delete. */
void	step_take(struct collect *);

#endif
