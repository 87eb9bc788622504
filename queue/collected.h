/*
 * collected.h - collected mail on the conductor's road; inside it only
 */
#ifndef POSTROOM_QUEUE_COLLECTED_H
#define POSTROOM_QUEUE_COLLECTED_H

#include "queue/conductor_inside.h"

/* Compare the ledger with journal and queue.db; `newest` is filled in. */
int	collected_open(struct conductor *, const struct ledger_beside *known);
/*
 * A submission: take its row, fill in what was listed.  Nothing to do for what
 * was not collected.  0, or:
 * -EBADMSG  it is a breach.
 * -EEXIST   it is here already; the asker has been told.
 * -ESRCH    the listing is over.
 * -ENOMEM, -EIO, ...  try again.
 */
int	collected_take(struct transit *);
/* A collected message that waits for a person is held.  0 or -errno. */
int	collected_judged(struct transit *, struct verdict *);
/*
 * It goes to the one recipient it has now.  0, -EEXIST (he has it from another
 * copy; the asker has been told) or -errno.
 */
int	collected_redirected(struct transit *);
/* Its record is durable: the entry, and the line of the trail. */
void	collected_received(struct transit *, bool is_held);
/* Of one that our provider's servers brought: the line of the trail. */
void	collected_upstream(const struct transit *);

#endif
