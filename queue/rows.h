/*
 * rows.h - queue.db: how far each account is settled, and what still waits
 *
 * What the journal cannot say for ever: settled positions, messages that must
 * outlive their segment with the recipients they still lack, and who refers to
 * which big file.  Big references are a set: counting twice is no matter.
 *
 * FULL means durable on return.  What is NORMAL survives a crash of ours and
 * becomes durable with the next FULL commit or rows_sync(), or when the log of
 * such commits has grown long.
 *
 * All return 0 or a negative errno (db.h); functions handed to an _each must
 * not change rows.
 */
#ifndef POSTROOM_QUEUE_ROWS_H
#define POSTROOM_QUEUE_ROWS_H

#include "lib/base/id.h"

#define ROWS_HUB_BYTES		16
#define ROWS_ADDRESS_BYTES	320	/* RFC 5321 4.5.3.1: 64 + @ + 255 */
#define ROWS_REASON_BYTES	512	/* a sentence; longer ones are cut */
#define ROWS_RECIPIENTS		10000	/* of one message; intake allows 200 */

struct rows;			/* opaque; see rows.c */

/*
 * Open queue.db in `folder_fd` (borrowed), making it when it is not there.
 *  0         *rows_out is set.
 * -EPROTO    made by a newer Postroom; *needs_out is the format it has.
 * -EXDEV     it belongs to another hub id.
 * -EUCLEAN   damaged, or no queue.db of ours.
 */
int	rows_open(int folder_fd, const unsigned char hub_id[ROWS_HUB_BYTES],
	    struct rows **rows_out, unsigned *needs_out);
/*
 * The same beside its owner, of whatever hub: nothing may be changed through
 * it.  Errors as above, and -ENOENT when there is none.
 */
int	rows_open_reading(int folder_fd, struct rows **rows_out,
	    unsigned *needs_out);
/* Sync and close; NULL is fine. */
void	rows_close(struct rows *);
/* Make all that was NORMAL durable. */
int	rows_sync(struct rows *);
/* The same by a thread (db_log_fd(), db_log_synced()), of what is written. */
int	rows_log_fd(struct rows *);
int	rows_synced(struct rows *, int status);

/*
 * `account` is settled up to `position`; a lower one than known changes
 * nothing.  NORMAL: sync before keys are pruned or segments used again for it.
 */
int	rows_settled_set(struct rows *, uint64_t account, uint64_t position);
/* How far; 0 when nothing is known of it. */
int	rows_settled(struct rows *, uint64_t account, uint64_t *position_out);
/* The account was restored and is settled only so far; FULL. */
int	rows_settled_lower(struct rows *, uint64_t account, uint64_t position);
/* Every account with its position. */
typedef int rows_settled_fn(void *arg, uint64_t account, uint64_t position);
int	rows_settled_each(struct rows *, rows_settled_fn *, void *arg);
/*
 * Of no account is anything wanted of the journal below `position`; a lower one
 * than known changes nothing.  NORMAL: sync before segments are used again.
 */
int	rows_settled_below_set(struct rows *, uint64_t position);
int	rows_settled_below(struct rows *, uint64_t *position_out);
/* There has been a ledger.db beside this; note that there is one (FULL). */
int	rows_had_ledger(struct rows *, bool *had_out);
int	rows_has_ledger(struct rows *);
/* The highest journal position any row knows, or 0. */
int	rows_highest(struct rows *, uint64_t *position_out);

enum rows_state {
	ROWS_WAITING,		/* to be tried again */
	ROWS_HELD,		/* until a person says what to do */
	ROWS_QUARANTINED,	/* the same, and nobody is to open it */
	ROWS_SPAM,		/* of a recipient: waits to be put into Junk */
	ROWS_RECALL,		/* until its recall window is over (recall.h) */
	ROWS_STATE_COUNT
};

/* Of a recipient: nobody is asked any more what becomes of it. */
static inline bool
rows_is_on_its_way(enum rows_state state)
{
	return state == ROWS_WAITING || state == ROWS_SPAM;
}

struct rows_message {
	struct message_id	 id;
	uint64_t		 position;	/* in the journal; 0: kept/ */
	enum rows_state		 state;
	struct slice		 reason;	/* a sentence for people */
	int64_t			 next_try_utc_ms;
	uint32_t		 tries;
	int64_t			 since_utc_ms;
};

struct rows_recipient {
	uint64_t		 account;
	struct slice		 address;
	uint32_t		 action;	/* 0: the delivery itself */
	enum rows_state		 state;
	int64_t			 told_utc_ms;	/* of the hold (rows_held.h) */
};

/* Keep a message with its undone recipients, in place of what was: FULL. */
int	rows_keep(struct rows *, const struct rows_message *,
	    const struct rows_recipient *, size_t recipient_count);
/*
 * Every message that is kept, in order of id, with its recipients; above `id`
 * (which may be NULL); that one only.
 */
typedef int rows_kept_fn(void *arg, const struct rows_message *,
	    const struct rows_recipient *, size_t recipient_count);
int	rows_kept_each(struct rows *, rows_kept_fn *, void *arg);
int	rows_kept_above(struct rows *, const struct message_id *,
	    rows_kept_fn *, void *arg);
/* -ENOENT: no such message. */
int	rows_kept_one(struct rows *, const struct message_id *,
	    rows_kept_fn *, void *arg);
/* 0, or -ENOENT when no such message is kept. */
int	rows_is_kept(struct rows *, const struct message_id *);

/*
 * One recipient is done with.  *last_out: it was the last, the message's row
 * is gone too (FULL then, else NORMAL), and its file may be dropped.  -ENOENT:
 * nobody waits for that.
 */
int	rows_recipient_done(struct rows *, const struct message_id *,
	    uint64_t account, struct slice address, uint32_t action,
	    bool *last_out);
/* Hold it, or let it wait again; FULL.  -ENOENT: no such message. */
int	rows_hold(struct rows *, const struct message_id *, enum rows_state,
	    struct slice reason);

/*
 * A person has ended a hold: its record, which may still stand in the journal
 * below `position`, is not to be held again when it is replayed.  rows_release()
 * is rows_keep() of what waits now; rows_delete() forgets it and all its
 * recipients (-ENOENT: no such message).  Both note the end in the same
 * transaction, FULL.  It is forgotten when rows_settled_below_set() is told of
 * a higher position.
 */
int	rows_release(struct rows *, const struct rows_message *,
	    const struct rows_recipient *, size_t recipient_count,
	    uint64_t position);
int	rows_delete(struct rows *, const struct message_id *,
	    uint64_t position);
/*
 * 0, or -ENOENT when no hold of what was received at that position was ended: a
 * message that is lost by an account and collected again has its old id.
 */
int	rows_is_ended(struct rows *, const struct message_id *,
	    uint64_t position);

/*
 * These accounts refer to the big file, all of them or, after an error, none.
 * NORMAL: sync before it counts as settled.
 */
int	rows_big_ref(struct rows *, const struct message_id *big,
	    const uint64_t *accounts, size_t count);
/* This account refers to it, FULL: before it has a letter of it. */
int	rows_big_save(struct rows *, const struct message_id *big,
	    uint64_t account);
/* It no longer does.  When nobody is left the file is due a day later. */
int	rows_big_unref(struct rows *, const struct message_id *big,
	    uint64_t account, int64_t now_utc_ms, bool *last_out);
/* 0, or -ENOENT when nobody refers to it. */
int	rows_big_is_known(struct rows *, const struct message_id *big);
/* 0, or -ENOENT when this account does not refer to it. */
int	rows_big_has(struct rows *, const struct message_id *big,
	    uint64_t account);
/* Those that nobody has referred to since `before`: the files may go. */
typedef int rows_big_fn(void *arg, const struct message_id *big);
int	rows_big_due(struct rows *, int64_t before_utc_ms, rows_big_fn *,
	    void *arg);
/* 0, or -ENOENT when it is not among them, now or later. */
int	rows_big_is_due(struct rows *, const struct message_id *big);
/* The file is gone; NORMAL. */
int	rows_big_gone(struct rows *, const struct message_id *big);

/* A sync failed: queue.db must be opened anew, by another process. */
bool	rows_is_broken(const struct rows *);

struct rows_counts {
	uint64_t	accounts, waiting, held, quarantined;
	uint64_t	recipients, big, dropped;
};
/* What `postroom status` shows. */
int	rows_counts(struct rows *, struct rows_counts *counts_out);

#endif
