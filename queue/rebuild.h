/*
 * rebuild.h - queue.db made again, from what is kept and what the accounts say;
 * and ledger.db, which nothing can be made from, set aside
 *
 * queue.db says what else nobody may sweep away: which kept and big files are
 * wanted.  Where it is missing or damaged the queue does not start; `postroom
 * check --repair` makes it again, and the old one is set aside, never deleted:
 *
 * - how far an account is settled, and which big files its letters are in, its
 *   own index says, which has known it first;
 * - a kept message that the damaged queue.db still tells of is kept as it was;
 *   any other is held for the postmaster, for all of its recipients: it may be
 *   one that had come to some of them, or to all;
 * - what stands in the journal is delivered when the queue starts, as ever.
 *
 * What is not known any more: which holds a person has ended whose records still
 * stand in the journal, where its recipients are not settled behind them: they
 * are held again.
 *
 * Nobody has the folder open but the caller.  0 or -errno, unless said.
 */
#ifndef POSTROOM_QUEUE_REBUILD_H
#define POSTROOM_QUEUE_REBUILD_H

#include "lib/base/db_aside.h"
#include "lib/base/id.h"

struct queue_rebuild;		/* opaque; see rebuild.c */

struct rebuild_counts {
	uint64_t	accounts, big;	/* told; big files of theirs */
	uint64_t	kept;		/* messages as they were */
	uint64_t	held;		/* messages for the postmaster */
	uint64_t	damaged;	/* kept files that cannot be read, which
					   are called ID.damaged now */
	char		aside[DB_ASIDE_SIZE];	/* what the old one is called;
					   "": there was none */
};

/*
 * There is no queue.db, or an empty one, and yet something that it would know
 * of: 1; else 0.
 */
int	queue_rows_are_missing(int folder_fd);
/*
 * 1: queue.db is missing or damaged.  0: it is well, or no hub has ever run.
 * -EPROTO (a newer Postroom's), or as the system says.
 */
int	queue_rebuild_is_needed(int folder_fd);

/*
 * A damaged ledger.db gets the name *aside_out: 1; 0: it is well, or there is
 * none.  queue.db knows that there was one, so that with a new one nothing is
 * deleted at providers until a person says so; and of what the journal does not
 * hold nobody knows that it was collected.
 */
int	queue_ledger_aside(int folder_fd, char aside_out[DB_ASIDE_SIZE]);

/* Begin; what an earlier attempt left goes. */
int	queue_rebuild_open(int folder_fd, const unsigned char *hub_id,
	    struct queue_rebuild **rebuild_out);
/* An account, settled so far. */
int	queue_rebuild_account(struct queue_rebuild *, uint64_t account,
	    uint64_t settled_to);
/* A letter of it is in this big file. */
int	queue_rebuild_big(struct queue_rebuild *, uint64_t account,
	    const struct message_id *big);
/*
 * All accounts were told: the kept files, and queue.db takes its place.  After
 * an error, or a power cut, the old one stands; or none does, when it has been
 * set aside: then the queue does not start, and all this is to be done again.
 */
int	queue_rebuild_end(struct queue_rebuild *,
	    struct rebuild_counts *counts_out);
/* NULL is fine. */
void	queue_rebuild_close(struct queue_rebuild *);

#endif
