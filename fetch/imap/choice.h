/*
 * choice.h - which folders of an IMAP account are collected
 *
 * In the owner's words: nothing or "inbox" is INBOX alone, "all" is whatever can
 * be selected, else names with commas between them.  A name is given as people
 * read it, with "/" between its levels, or as the server writes it; a comma or a
 * backslash in it stands behind a backslash.  Blanks around a name count for
 * nothing, and INBOX is that in any case (RFC 9051 5.1).
 */
#ifndef POSTROOM_FETCH_IMAP_CHOICE_H
#define POSTROOM_FETCH_IMAP_CHOICE_H

#include "lib/base/arena.h"
#include "lib/base/slice.h"

#define IMAP_CHOICE_MOST	100	/* names; more are "all" */

struct imap_choice {
	bool		 is_all;
	unsigned	 count;
	struct {
		struct slice	name;
		bool		is_found;
	}		 names[IMAP_CHOICE_MOST];
};

/* Names live in the arena.  0, -E2BIG (too many of them) or -ENOMEM. */
int	imap_choice_read(struct arena *, struct slice words,
	    struct imap_choice *choice_out);
/* Others than INBOX are asked for. */
bool	imap_choice_wants_list(const struct imap_choice *);
/* The folder that is called so is wanted; its name is found now. */
bool	imap_choice_takes(struct imap_choice *, struct slice called);
/* The first name that was not found -> *name_out; false: all were. */
bool	imap_choice_missing(const struct imap_choice *,
	    struct slice *name_out);

#endif
