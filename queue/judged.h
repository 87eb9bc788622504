/*
 * judged.h - which of the postmaster's rules held, and what lists in DNS said
 */
#ifndef POSTROOM_QUEUE_JUDGED_H
#define POSTROOM_QUEUE_JUDGED_H

#include "filters/verdict.h"
#include "queue/conductor_inside.h"

/* Open what counts them; mail goes on without it, and that is logged. */
void	judged_open(struct conductor *);
/*
 * The message has been received, or refused for good: tell in the trail which
 * rules held, and count them.
 */
void	judged_tell(struct conductor *, const struct transit *,
	    const struct verdict *);

#endif
