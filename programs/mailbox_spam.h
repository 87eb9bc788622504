/*
 * mailbox_spam.h - what the person of a mailbox has said of mail is learnt
 *
 * The account's own model (spam_file.h, in its folder) learns the lessons of the
 * account (store/learning.h) beside the site's: what it knows is where this
 * person thinks otherwise.  Nobody waits for it.
 */
#ifndef POSTROOM_PROGRAMS_MAILBOX_SPAM_H
#define POSTROOM_PROGRAMS_MAILBOX_SPAM_H

struct mailbox;
struct mailbox_spam;		/* opaque; see mailbox_spam.c */

/* Learn from now on, unless spam_action is off.  0 or -ENOMEM. */
int	mailbox_spam_begin(struct mailbox *);
/* Something was committed.  For a hook of the store: it calls nothing there. */
void	mailbox_spam_changed(struct mailbox *);
/* Give back what memory can be had again. */
void	mailbox_spam_rest(struct mailbox *);

#endif
