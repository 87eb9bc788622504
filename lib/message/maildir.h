/*
 * maildir.h - what the names and lists of a Maildir say
 *
 * A message is a file in cur/ or new/: "UNIQUE:2,FS" with a letter for each
 * flag, small letters for keywords, whose names stand in dovecot-keywords.  A
 * folder of Maildir++ is ".Sub.Folder".  No I/O: the lists are given whole.
 */
#ifndef POSTROOM_MESSAGE_MAILDIR_H
#define POSTROOM_MESSAGE_MAILDIR_H

#include "lib/base/text.h"
#include "lib/message/marks.h"

#define MAILDIR_KEYWORDS	26	/* a small letter for each */

struct maildir_name {
	struct slice	unique;		/* what stands before the flags */
	unsigned	marks;
	uint32_t	keywords;	/* bit n: the n-th small letter */
};

/* Read the name of a file in cur/ or new/. */
struct maildir_name maildir_name(struct slice file);

/*
 * Read dovecot-keywords, a line "3 $Junk" for each; one that is missing stays
 * empty.  The names point into `list`.
 */
void	maildir_keywords(struct slice list,
	    struct slice names_out[MAILDIR_KEYWORDS]);
/* Add the names of these keywords, a space between; those without are left. */
void	maildir_add_keywords(struct text *, uint32_t keywords,
	    const struct slice names[MAILDIR_KEYWORDS]);

/*
 * Cut the next message off `*rest`, the text of dovecot-uidlist: its UID there
 * and the name of its file, of which only `unique` is sure.  False at the end;
 * lines that say something else are passed over.
 */
bool	maildir_uid(struct slice *rest, uint32_t *uid_out,
	    struct slice *file_out);

/*
 * Cut the next name off `*rest`, the list of subscriptions: levels are behind
 * `.`, or a tab in the second version of Dovecot's, of which the head is passed
 * over.  *tabs keeps which it is, false at first.  False at the end.
 */
bool	maildir_subscription(struct slice *rest, bool *tabs,
	    struct slice *name_out);

/*
 * A folder's name, levels behind "/", as Maildir++ has it, levels behind ".":
 * in a level "." is "\2e" and "\" is "\5c", as Dovecot's listescape writes
 * them, so that no two folders have one name there.  It is not yet in UTF-7.
 */
void	maildir_add_folder(struct text *, struct slice name);
/* Take those two back, in a name whose levels are behind "/" again. */
void	maildir_unescape(struct text *name);

#endif
