/*
 * archiving.h - what was collected is archived before anything else; inside the
 * conductor only
 *
 * A submission whose original is told stands here until that is on the disk;
 * then it goes on as any other does (arrive.c), in the order in which its
 * collector handed it in.  If it cannot be archived it is put off: it stays
 * where it was.
 */
#ifndef POSTROOM_QUEUE_ARCHIVING_H
#define POSTROOM_QUEUE_ARCHIVING_H

#include "queue/conductor_inside.h"

/* It was not received: its original goes.  None is fine. */
void	archiving_undo(const struct transit *);
/* The step of the trail: received, or not needed, it is in the archive. */
void	archiving_tell(const struct transit *);
/* `from` is gone: what he handed in goes no further. */
void	archiving_asker_lost(struct conductor *, const void *from);
/* From time to time: what is too old goes. */
void	archiving_look(struct conductor *);
/* End, when the pool has ended: nobody is told anything. */
void	archiving_close(struct conductor *);

#endif
