/*
 * account_inside.h - what account.c, view.c and compact.c share of an account
 */
#ifndef POSTROOM_STORE_ACCOUNT_INSIDE_H
#define POSTROOM_STORE_ACCOUNT_INSIDE_H

#include <sys/queue.h>

#include "store/index.h"
#include "store/segments.h"
#include "store/unfinished.h"
#include "store/vocabulary.h"

/* What a view did to a letter it lists; one not kept is held no more. */
enum view_mark { VIEW_KEPT, VIEW_DELETING, VIEW_DELETED };

struct view {
	LIST_ENTRY(view) link;
	uint32_t	 mailbox;
	struct letter	*letters;	/* in order of UID */
	enum view_mark	*marks;		/* one for each */
	size_t		*by_letter;	/* NULL: they are in that order */
	size_t		 count, room;
};

struct db_copy;
struct selected;
struct keywords;
struct search;

struct account {
	int		 lock_fd;
	int		 folder_fd;	/* its own */
	struct index	*index;
	struct letters	*letters;
	uint32_t	 first;		/* segment this life began with */
	uint32_t	 unsynced;	/* the oldest not vouched for */
	uint64_t	 vouched;	/* but for so many bytes */
	uint32_t	 newest;	/* appended to last, or 0 */
	uint64_t	 settled_to;
	bool		 must_be_full;	/* the open transaction */
	bool		 has_pending;	/* deliveries are in it */
	int		 lost;		/* why some were undone, untold yet */
	bool		 failed;	/* a sync failed: for good */
	LIST_HEAD(, view) views;
	LIST_HEAD(, selected) selecteds;
	struct selected	*kept_view;	/* one of them that was closed, or
					   NULL */
	struct keywords	*keywords;
	struct vocabulary vocabulary;
	struct search	*search;
	account_change_fn *change;
	void		*change_arg;
	bool		 wants_sync;	/* flags were changed, NORMAL */
	struct unfinished given_up;	/* account_tidy() takes it back */
	account_untidy_fn *untidy;
	void		*untidy_arg;
	struct message_id last_id;	/* of a letter a person put here */
	unsigned	 expected;	/* big files that may become letters */
	account_unref_fn *unref;
	void		*unref_arg;
	uint32_t	 compacting;	/* segment, or 0 */
	uint64_t	 compacted;	/* letters up to this one are moved */
	bool		 is_kept;	/* a letter may be unreadable */
	struct db_copy	*copy;		/* being made, or NULL */
	uint64_t	 copy_modseq;	/* the next, when last asked for one */
};

/*
 * Take the account's lock; whoever closes the descriptor gives it back.
 * -EBUSY: another process has it.
 */
int	account_lock(int folder_fd);
/*
 * Append `record`, keeping account of what is to be synced.  As
 * letters_append().
 */
int	account_append(struct account *, const struct record *,
	    struct place *place_out);
/*
 * Sync every segment with unsynced appends, then end the transaction FULL; it
 * reserves numbers, too, where they go short (index_reserve()).  After an error
 * it is undone.
 */
int	account_commit_full(struct account *);
/*
 * Commit what is open, as account_commit(), for a caller who did not deliver
 * it: a failure is kept for whoever did, and calls that next.
 */
int	account_commit_open(struct account *);
/* Give up the copy of the index that is being made (copies.h). */
void	copies_stop(struct account *);
/* Take back what an earlier life did not finish (unfinished.h). */
int	unfinished_recover(struct account *);
/* Tell of mailboxes that a commit has changed. */
void	account_tell_changes(struct account *);
/* Undo what was not committed; `r` is handed through. */
int	account_undo(struct account *, int r);
/* Read the letter of `row`; -EBADMSG too when the record is another's. */
int	account_read_row(struct account *, const struct letter_row *,
	    struct record *record_out);
/* The same, as a reader of letters has it. */
int	account_read_bytes(struct account *, const struct letter_row *,
	    struct letter_bytes *bytes_out);
/*
 * Read the letter with that number, which a view or a session lists.
 * -EUCLEAN: it has no row, which none that is listed may lack.
 */
int	account_read_held(struct account *, uint64_t letter,
	    struct letter_bytes *bytes_out);
/* Tell of big files not needed any more, as far as that can be done now. */
void	account_tell_unrefs(struct account *);
/*
 * Delete `most` of the orphans no view holds, commit (FULL or not), tell of big
 * files.  1: there are more of them, 0: none is left, or -errno.
 */
int	account_drop_orphans(struct account *, size_t most, enum index_how);

#endif
