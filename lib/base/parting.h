/*
 * parting.h - the last words of a connection, and the wait for its end
 *
 * A server that has said its last word is not done: the word must leave, and
 * the client must have its time to read it and to close.  Its owner stays until
 * then, so that whoever counts connections counts this one too.  From the
 * beginning of the parting on nothing that comes is heard.
 */
#ifndef POSTROOM_BASE_PARTING_H
#define POSTROOM_BASE_PARTING_H

#include "lib/base/loop.h"
#include "lib/base/stream.h"

/*
 * What was written is the last.  When `clock` fires, now or after any
 * parting_goes_on(), the connection is to be freed.
 */
void	parting_begin(struct stream *, struct timer *clock);
/*
 * An event of the stream.  False: it is broken, free it now.  `*peer_ended`:
 * the client will send no more; it is set here too.
 */
bool	parting_goes_on(struct stream *, struct timer *clock,
	    enum stream_event, bool *peer_ended);

#endif
