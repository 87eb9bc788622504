/*
 * vocabulary.h - how many different keywords the letters of a mailbox have
 *
 * RFC 9051 2.3.2 lets a server bound them, and SELECT tells them all in one
 * line.  A person's commands (STORE, APPEND, COPY, MOVE) keep the bound; mail
 * that is delivered with keywords of its own is never refused for it.
 *
 * The words of one mailbox are remembered, those that no letter has any more
 * among them, and read anew before anything is refused.
 */
#ifndef POSTROOM_STORE_VOCABULARY_H
#define POSTROOM_STORE_VOCABULARY_H

#include "lib/base/text.h"
#include "store/index.h"

#define KEYWORDS_OF_MAILBOX	200	/* HARDENING 2 */

/* Zeroed, it knows nothing. */
struct vocabulary {
	uint32_t	mailbox;	/* 0: none is remembered */
	struct text	words;		/* a space between */
	size_t		count;
};

/*
 * May a letter of `mailbox` have `words`?  Then they count as its own.  0,
 * -E2BIG (with them it would have too many) or -errno.
 */
int	vocabulary_admit(struct vocabulary *, struct index *, uint32_t mailbox,
	    struct slice words);
/* What is remembered may not be so any more. */
void	vocabulary_forget(struct vocabulary *);
/* Give the memory back. */
void	vocabulary_free(struct vocabulary *);

#endif
