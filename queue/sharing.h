/*
 * sharing.h - a second copy is taken from here; inside the conductor only
 *
 * A collector asks whether one of that size may be here (coming.h), then shows
 * the header of its copy and digests some of its body (QUEUE_SHARED of
 * service.h), and a judge compares.  What is the same is put together, that
 * header and this body (composing.h), and goes the way of all collected mail; in
 * every other case the answer is "fetch it", and the grant stays with who asked.
 */
#ifndef POSTROOM_QUEUE_SHARING_H
#define POSTROOM_QUEUE_SHARING_H

#include "queue/conductor_inside.h"

/* "Fetch it": QUEUE_FETCH_IT. */
void	sharing_fetch_it(struct conductor *, const struct asker *);
/* `from` is gone: he is not answered any more. */
void	sharing_asker_lost(struct conductor *, const void *from);
/* End: what is under way is forgotten; the pools have ended. */
void	sharing_close(struct conductor *);

#endif
