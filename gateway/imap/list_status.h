/*
 * list_status.h - how mailboxes of other accounts are, in a LIST (RFC 5819)
 *
 * Their own process says it, to whoever may read there (RFC 4314 4); of any
 * other the LIST tells the name alone, as RFC 5819 2 has it.
 */
#ifndef POSTROOM_GATEWAY_IMAP_LIST_STATUS_H
#define POSTROOM_GATEWAY_IMAP_LIST_STATUS_H

#include "gateway/imap/session.h"

/* HARDENING 2: whoever is asked has a process of their own, which starts for
 * it.  An office of 500 may share everything with everybody, and programs ask
 * every some minutes; of the accounts behind these a STATUS tells. */
#define IMAPD_LIST_ACCOUNTS	32

/* For one LIST: the beginning of its work.  Zeroed, but for the first two. */
struct imapd_list_status {
	unsigned	 items;		/* IMAPD_STATUS_ bits */
	void		(*after)(struct imapd_session *);	/* goes on then */
	struct slice	 prefix;	/* of who was asked last */
	unsigned	 accounts;	/* that were asked so far */
	bool		 is_silent;	/* one does not answer: ask no other */
	struct slice	 name;		/* asked for now */
	struct imapd_visit *visit;	/* and who is */
};

/*
 * Tell the STATUS of mailbox `name` of another account, if it is told to us:
 * then session->more is another until it was.  The name is lent for the whole
 * command; those of one account come one behind the other.
 */
void	imapd_list_status(struct imapd_session *, struct slice name);

#endif
