/*
 * recall.h - what people send waits a while, and can be taken back
 *
 * Where an account has a recall window (postroom account set --recall), the judge
 * says so of what it sends: the message is received as any other, gets its file in
 * kept/ and a row that says until when it waits, and only then goes on its way, to
 * people here as well as elsewhere.  Until then its sender, or the postmaster, may
 * take it back: nobody has got it, nobody will, and the trail says who did it.
 *
 * What stays true: the window counts from the receipt, whatever ends and begins
 * again meanwhile; nothing that has begun to be delivered is taken back.
 */
#ifndef POSTROOM_QUEUE_RECALL_H
#define POSTROOM_QUEUE_RECALL_H

#include "queue/conductor_inside.h"

/*
 * It is received (or its record is replayed), and judged like that.  True: it
 * waits for its window to end, and keep_hold() has begun.
 */
bool	recall_begin(struct transit *, const struct verdict *);
/* Its row stands. */
void	recall_kept(struct conductor *, int64_t until_utc_ms);

/* Whoever waits goes on when it is time.  0 or -ENOMEM. */
int	recall_open(struct conductor *);
/* Before or after; a half-open conductor is fine. */
void	recall_close(struct conductor *);
/* Those whose time has come go on: its timer does that, and tests. */
void	recall_look(struct conductor *);

/* One that waits; slices are valid during the call. */
struct recall_row {
	struct message_id	 id;
	int64_t			 since_utc_ms, until_utc_ms;
	uint64_t		 bytes;
	struct slice		 sender, recipients, subject;
};
/*
 * Those that `account` has sent (0: of all), above `above`, `most` at the most.
 * 0 or -errno.
 */
typedef int	recall_fn(void *arg, const struct recall_row *);
int	conductor_recall_each(struct conductor *, uint64_t account,
	    const struct message_id *above, unsigned most, recall_fn *,
	    void *arg);
/*
 * `who` takes it back, if `account` (0: the postmaster) has sent it.  0, durable;
 * -ENOENT: no such message waits; -EAGAIN: it is just being set aside; or -errno:
 * nothing has changed.
 */
int	conductor_recall(struct conductor *, const struct message_id *,
	    uint64_t account, struct slice who);

#endif
