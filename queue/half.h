/*
 * half.h - half/NUMBER: what has come of a big message that was cut
 *
 * While a big file of an IMAP mailbox comes in, what there is of it is made
 * durable from time to time under a second name, and a row of the ledger says
 * how much that is (ledger_half.h).  So a cut line, an ended collector and an
 * ended hub all leave a beginning from which the rest is asked for.  The file is
 * the big file itself: the names share its bytes, and removing one leaves the
 * other.
 *
 * Only bytes that stand in the file as they came over the wire are noted, and
 * never a CR as the last of them.  Their digest is noted with them: who takes
 * them up proves it before anything is added.
 *
 * A half is dropped when the next whole listing does not want its message, or
 * shows it with another size or UID; when its fetch account is removed; after
 * HALF_DAYS; the oldest first when all
 * are more than they may be, and while the disk is short of room.
 */
#ifndef POSTROOM_QUEUE_HALF_H
#define POSTROOM_QUEUE_HALF_H

#include "lib/base/pool.h"
#include "queue/big.h"
#include "queue/ledger_half.h"

#define HALF_DAYS	7	/* a mailbox not collected for so long may not
				   be ever again */
/* Less is fetched again sooner than it is kept. */
#define HALF_LEAST_BYTES (256 * 1024)
/* A sync for so many, and not more often: a minute of a thin line. */
#define HALF_STEP_BYTES	(1024 * 1024)
#define HALF_STEP_MS	1000

#define HALF_NAME_SIZE	24	/* a number in decimal, NUL */

/* The name of a file in the folder. */
void	half_name(uint64_t number, char name_out[HALF_NAME_SIZE]);

struct halves;			/* opaque; the folder */
struct half;			/* opaque; of one big file that comes in */

/*
 * The folder (borrowed) and the rows of the ledger (borrowed).  Files that no
 * row knows are removed.  `most_bytes`: of all together; 0: none is kept.  Syncs
 * run in `pool` (borrowed).  0, -ENOMEM, or -errno as the system says.
 */
int	halves_open(int folder_fd, struct ledger *, struct pool *,
	    uint64_t most_bytes, struct halves **halves_out);
/* Its pool has ended: what is to be synced from now on is, at once. */
void	halves_closing(struct halves *);
/* NULL is fine. */
void	halves_close(struct halves *);
/* From time to time; `is_short`: the disk is, and one of them goes. */
void	halves_look(struct halves *, bool is_short);
/* They cannot be used any more: it is damaged.  0, -ESRCH or -errno. */
int	halves_drop(struct halves *, uint64_t number);

/*
 * A read-only descriptor of the beginning that is kept of `key`'s message.
 * 0 and what it is, or -ENOENT: there is none (any more).
 */
int	halves_hand_out(struct halves *, const struct ledger_half *key,
	    struct ledger_half *half_out, int *fd_out);

/*
 * A big file of `key`'s message begins; NULL: no half of it will be kept.
 */
struct half *half_begin(struct halves *, const struct ledger_half *key);
/* It has `bytes` bytes now; `last` is the last of them. */
void	half_grown(struct half *, const struct big_writer *, uint64_t bytes,
	    char last);
/* No more comes: the same, and keep that.  Ends it. */
void	half_cut(struct half *, const struct big_writer *, uint64_t bytes,
	    char last);
/* It is of no use: nothing of it is noted.  Ends it; NULL is fine. */
void	half_forget(struct half *);
/*
 * Nothing more of it is to be noted: it is whole, or is not any more what came
 * over the wire.  What was noted stays.  Ends it; NULL is fine.
 */
void	half_end(struct half *);

#endif
