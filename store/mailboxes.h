/*
 * mailboxes.h - the mailboxes of an account, by name
 *
 * Names are as folders.h has them.  A number is never given again, and a
 * UIDVALIDITY is above every one this account has used (RFC 9051 2.3.1.1).
 */
#ifndef POSTROOM_STORE_MAILBOXES_H
#define POSTROOM_STORE_MAILBOXES_H

#include "store/index.h"

/*
 * The number of mailbox `name`, made in the open transaction, and subscribed
 * to, when it is not there: then *is_made_out is set, and the transaction must
 * end FULL.
 * 0, -EINVAL (that is no name), -EDQUOT (FOLDER_MOST there are already), or a
 * negative errno.
 */
int	mailboxes_need(struct index *, struct slice name,
	    uint32_t *mailbox_out, bool *is_made_out);

/*
 * The number of mailbox `name`.  0, -ENOENT (there is none) or a negative
 * errno.
 */
int	mailboxes_find(struct index *, struct slice name,
	    uint32_t *mailbox_out);

/*
 * Make mailbox `name`, of the right form and not there, in the open
 * transaction, which must end FULL.  0, -EDQUOT or a negative errno.
 */
int	mailboxes_make(struct index *, struct slice name,
	    uint32_t *mailbox_out);

/* The mailbox of exactly that name.  0, -ENOENT or a negative errno. */
int	mailboxes_named(struct index *, struct slice name,
	    uint32_t *mailbox_out);

/*
 * Subscribe to `name`, of the right form, in the open transaction.  0, -EDQUOT
 * (SUBSCRIPTIONS_MOST there are already) or a negative errno.
 */
int	mailboxes_subscribe(struct index *, struct slice name);

#endif
