/*
 * selected_inside.h - what the files behind selected.h share of a view
 */
#ifndef POSTROOM_STORE_SELECTED_INSIDE_H
#define POSTROOM_STORE_SELECTED_INSIDE_H

#include "store/account_inside.h"
#include "store/index_inside.h"
#include "store/keywords.h"
#include "store/selected.h"

#define SELECTED_GONE		0x01u	/* its entry is deleted */
#define SELECTED_CHANGED	0x02u	/* its flags are to be told */


struct selected {
	LIST_ENTRY(selected) link;
	struct account	*account;
	uint32_t	 mailbox;
	struct selected_letter *letters;	/* in order of UID */
	size_t		 count, room;
	size_t		 gone;		/* letters that have that mark */
	uint64_t	 uidnext;	/* letters below were read */
	uint64_t	 modseq;
	size_t		 recent;		/* letters that are */
	bool		 claims;		/* its session may write */
	bool		 has_changed;	/* some letter may have that mark */
	bool		 is_gone;	/* the mailbox is */
	uint64_t	 closed_at_ms;	/* when it became the one kept */
};

/*
 * Entries that were just deleted, of any mailbox; or, after a failure, that
 * are there all the same.
 */
void	selected_mark_gone(struct account *, const uint64_t *entries,
	    size_t count, bool is_gone);
/* All letters of the mailbox are elsewhere; or it is deleted with them. */
void	selected_mark_all_gone(struct account *, uint32_t mailbox,
	    bool is_deleted);
/* End all views, the one that is kept too. */
void	selected_close_all(struct account *);
/* No session has a view, and none had for a while: the kept one goes. */
void	selected_rest(struct account *);
/* Letters that only views still list, in order; to be freed.  0 or -ENOMEM. */
int	selected_held(const struct account *, uint64_t **letters_out,
	    size_t *count_out);

#endif
