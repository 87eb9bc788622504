/*
 * door_space.h - room in the queue for messages that are about to come
 */
#ifndef POSTROOM_PROGRAMS_DOOR_SPACE_H
#define POSTROOM_PROGRAMS_DOOR_SPACE_H

#include "lib/base/ipc.h"
#include "lib/base/loop.h"

struct door_space;		/* opaque */

/*
 * None yet.  Where all mail under way may have less than `transit_bytes` worth
 * speaking of, there never is any.  NULL when memory is out.
 */
struct door_space *door_space_new(struct loop *, uint64_t transit_bytes);
void	door_space_free(struct door_space *);
/* That is the queue now, or NULL; what another has granted is nothing. */
void	door_space_queue(struct door_space *, struct ipc *queue);
/*
 * A message needs `bytes`.  True: they are granted, of what was asked for
 * ahead.  False: ask for them.
 */
bool	door_space_take(struct door_space *, uint64_t bytes);

#endif
