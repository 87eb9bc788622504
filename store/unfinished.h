/*
 * unfinished.h - entries that are there, and may be taken back
 *
 * What comes into a mailbox all or not at all, and is too much for one commit,
 * comes in steps.  Others see the entries of each, and see them go again when
 * what they are of is not finished: account_tidy() takes them back, or after a
 * crash the next account_open().
 */
#ifndef POSTROOM_STORE_UNFINISHED_H
#define POSTROOM_STORE_UNFINISHED_H

#include "store/account.h"

struct index;

/* Zeroed: none.  Of one piece of work, its owner's; or given up, the account's. */
struct unfinished {
	uint64_t	*firsts;	/* the first entry of each step */
	size_t		 count;
};

/*
 * In the open transaction, which made them: entries first..last, SELECTED_STEP
 * at the most, are a step.  Once it is committed, unfinished_keep().  0, -ENOMEM
 * or as the disk says.
 */
int	unfinished_note(struct index *, struct unfinished *, uint64_t first,
	    uint64_t last);
void	unfinished_keep(struct unfinished *);
/* All of them stay, with the open transaction. */
int	unfinished_finish(struct index *, const struct unfinished *);
/*
 * All of them go, one step at each account_tidy(): there may be hundreds.  Until
 * then, and if memory is out or the account is closed until it is opened next,
 * they are there.
 */
void	unfinished_take_back(struct account *, const struct unfinished *);
/* One step of those goes, in a FULL commit.  1, 0 (there was none) or -errno. */
int	unfinished_tidy(struct account *);
/* Is there any of them in that mailbox?  1, 0 or -errno. */
int	unfinished_in(struct index *, uint32_t mailbox);
void	unfinished_free(struct unfinished *);

#endif
