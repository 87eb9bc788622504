/*
 * index.h - the rows of one account: which letters there are, and where
 *
 * index.db holds, besides letters and their entries in mailboxes, the keys of
 * what was delivered and two sets of numbers no client may ever see twice: UIDs
 * (per mailbox) and modification numbers (per account; a letter's own number is
 * the one it came with).  Both are taken from blocks reserved by a FULL commit;
 * after a crash numbering goes on behind the block.  A clean close gives the
 * rest back.
 *
 * Everything happens in one open transaction until index_end().  The index
 * never looks at segments; that their bytes are synced before a FULL end is
 * the caller's (account.c).  Rows are not trusted: one that cannot be is
 * -EUCLEAN, and only it.
 */
#ifndef POSTROOM_STORE_INDEX_H
#define POSTROOM_STORE_INDEX_H

#include "store/account.h"
#include "store/letters.h"

struct index;			/* opaque; see index_inside.h */

struct letter_row {
	uint64_t	 letter;	/* its number; 0: it is gone */
	struct place	 place;
	struct message_id id;
	uint32_t	 action;
	uint32_t	 trace_bytes;
	uint64_t	 body_bytes;
	int64_t		 received_at_utc_ms;
	bool		 lacks_crlf;
	bool		 is_big;
	struct message_id big;		/* when it is */
};

/*
 * Open index.db in `folder_fd`, made when it is not there, and go on behind
 * the blocks an earlier life reserved.  Errors as account_open() has them.
 */
int	index_open(int folder_fd, const struct account_options *,
	    struct index **index_out, unsigned *needs_out);
/*
 * Close; what is not ended is gone.  With `give_back` (all segments synced,
 * nothing failed) the unused numbers are given back FULL.  NULL is fine.
 */
int	index_close(struct index *, bool give_back);

enum index_how { INDEX_UNDO, INDEX_NORMAL, INDEX_FULL };
/* End the transaction; after an error it is undone. */
int	index_end(struct index *, enum index_how);

/*
 * The letter that key (id, action) was delivered as; row_out->letter is 0 when
 * it has been deleted since.  0, -ENOENT (never delivered), -EUCLEAN.
 */
int	index_find(struct index *, const struct message_id *, uint32_t action,
	    struct letter_row *row_out);
/*
 * A new letter at `place`: its row, its entry, its key.  0, or 1 when numbers
 * were reserved and the transaction must end FULL; -ENOENT: no such mailbox;
 * -EOVERFLOW: it has no more UIDs.  After an error nothing of it is left.
 */
int	index_add(struct index *, const struct record *, const struct place *);
/* 0, -ENOENT (no such letter) or -EUCLEAN (its row makes no sense). */
int	index_letter(struct index *, uint64_t letter,
	    struct letter_row *row_out);
/* The letter of `row` stands at `place` now (the sizes may be new too). */
int	index_move(struct index *, const struct letter_row *row,
	    const struct record *, const struct place *place);

/*
 * All entries of `mailbox` in order of UID.  `row` is NULL when the letter's
 * row makes no sense or is missing.  Ends early when `fn` returns non-zero,
 * with that.
 */
typedef int index_entry_fn(void *arg, uint64_t entry, uint64_t letter,
	    const struct letter_row *row);
int	index_list(struct index *, uint32_t mailbox, index_entry_fn *,
	    void *arg);
/* The UID in an entry's number, and the mailbox. */
#define INDEX_UID(entry)	((uint32_t)((entry) & UINT32_MAX))
#define INDEX_MAILBOX(entry)	((uint32_t)((entry) >> 32))

/*
 * Delete entries (ascending, none twice); one that is gone is passed over.
 * Tombstones keep their numbers.  Letters without an entry left are orphans
 * until index_drop().  `ids_out` (of room for `count`) and *known_out: the
 * messages of those that were there, as far as their rows make sense; both may
 * be NULL.
 */
int	index_expunge(struct index *, const uint64_t *entries, size_t count,
	    struct message_id *ids_out, size_t *known_out);
/*
 * Delete `most` of the orphans that nobody holds (`is_held` NULL: all).  Big
 * files that no letter refers to any more are noted for index_unref().
 * 1: there are more, 0: none is left but those that are held, or -errno.
 */
typedef bool index_held_fn(void *arg, uint64_t letter);
int	index_drop(struct index *, size_t most, index_held_fn *is_held,
	    void *arg);
/*
 * Tell `fn` of every big file noted, and forget those it was told of; what it
 * cannot be told now stays noted.  To be called after the commit that noted
 * them; after a crash some are told again.
 */
int	index_unref(struct index *, account_unref_fn *fn, void *arg);

/*
 * Note that all is durable up to journal position `upto`, and forget the keys
 * of positions below `prune_below`; neither ever goes back (0, 0 only asks).
 * *settled_out is the position then.
 */
int	index_settle(struct index *, uint64_t upto, uint64_t prune_below,
	    uint64_t *settled_out);

#endif
