/*
 * rows_held.h - queue.db: each person's share of what is held
 *
 * A held message has a state for each recipient, so that what one of them wants
 * goes to that one.  `told_utc_ms` says when that person was told of it: 0 not
 * yet; below 0 it is the postmaster's matter and not on that person's list, and
 * ROWS_TOLD_NEVER nobody has to be told, else the letter of then told of it.
 */
#ifndef POSTROOM_QUEUE_ROWS_HELD_H
#define POSTROOM_QUEUE_ROWS_HELD_H

#include "queue/rows.h"

#define ROWS_TOLD_NEVER		(-1)
#define ROWS_HELD_ALL		UINT64_MAX	/* as an account */
#define ROWS_KEY_BYTES		32

/* When that was; 0 or less: it was not. */
static inline int64_t
rows_told_at(const struct rows_recipient *recipient)
{
	return recipient->told_utc_ms < ROWS_TOLD_NEVER ?
	    -recipient->told_utc_ms : recipient->told_utc_ms;
}

/* The next account above that one which was not told; -ENOENT: there is none. */
int	rows_held_account(struct rows *, uint64_t above,
	    uint64_t *account_out);
/* What is held for it and it was not told of, the newest first. */
int	rows_held_untold(struct rows *, uint64_t account, rows_kept_fn *,
	    void *arg);
/*
 * What is held for it and not known to be the postmaster's matter, the newest
 * first, below `below` (NULL: from the newest).
 */
int	rows_held_of(struct rows *, uint64_t account,
	    const struct message_id *below, rows_kept_fn *, void *arg);
/* It was told of these then, all or, after an error, none; FULL. */
int	rows_held_told(struct rows *, uint64_t account,
	    const struct message_id *ids, size_t count, int64_t told_utc_ms);
/*
 * What is held for this account (ROWS_HELD_ALL: for whomever it is) goes to it,
 * or into its Junk (ROWS_SPAM); the others' shares stay as they are.
 * With the last of them the hold is over, as after rows_release().  FULL.
 * -ENOENT: nothing of it is held for that account.
 */
int	rows_held_release(struct rows *, const struct message_id *,
	    uint64_t account, enum rows_state, struct slice reason,
	    uint64_t position);
/* The key of this hub's links to held messages, made when there is none. */
int	rows_held_key(struct rows *, unsigned char key_out[ROWS_KEY_BYTES]);

#endif
