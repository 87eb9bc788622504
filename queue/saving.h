/*
 * saving.h - big messages that a person saves; inside the conductor only
 *
 * They walk no road: the mailbox that is given the file has the letter, and the
 * queue only writes the file, counts it as that account's and forgets it
 * (conductor_save_begin() and conductor_save()).
 */
#ifndef POSTROOM_QUEUE_SAVING_H
#define POSTROOM_QUEUE_SAVING_H

#include "queue/conductor_inside.h"

/*
 * More of it has come: has it room?  Its line ends may have been mended, and it
 * is larger then than was said.  0, or as grant_give().
 */
int	saving_grow(struct conductor *, struct incoming *);
/* `from` does not want that one, which is just being made durable. */
void	saving_abandon(struct conductor *, const void *from, uint64_t ticket);
/* `from` is gone: nothing of his is kept. */
void	saving_asker_lost(struct conductor *, const void *from);
/* End, when the pool has ended: nobody is told anything. */
void	saving_close(struct conductor *);

#endif
