/*
 * mailbox_spam.h - what the person of a mailbox has said of mail is learnt
 *
 * The account's own model (spam_file.h, in its folder) learns the lessons of the
 * account (store/learning.h) beside the site's: what it knows is where this
 * person thinks otherwise.  Nobody waits for it.  What is delivered is judged by
 * both together: the sum of their scores, and the site's cut.
 */
#ifndef POSTROOM_PROGRAMS_MAILBOX_SPAM_H
#define POSTROOM_PROGRAMS_MAILBOX_SPAM_H

#include "lib/base/text.h"
#include "store/account.h"

struct mailbox;
struct mailbox_spam;		/* opaque; see mailbox_spam.c */

/* Learn from now on, unless spam_action is off.  0 or -ENOMEM. */
int	mailbox_spam_begin(struct mailbox *);
/* Something was committed.  For a hook of the store: it calls nothing there. */
void	mailbox_spam_changed(struct mailbox *);
/*
 * A letter that the judges have looked at for spam is about to be delivered: with
 * spam_action junk it goes into Junk, or after all not, as both models say.  A
 * rule's folder stays, and so does everything when its person has taught nothing.
 * `trace` is where a line of ours is added to the delivery's trace; empty.
 * True: its folder is another now, which mailbox_spam_tell() tells the trail.
 */
bool	mailbox_spam_file(struct mailbox *, struct delivery *,
	    struct text *trace);
void	mailbox_spam_tell(struct mailbox *, const struct delivery *);
/* Give back what memory can be had again. */
void	mailbox_spam_rest(struct mailbox *);

#endif
