/*
 * mailbox_office.h - what a mailbox has to do with other accounts (RFC 4314)
 *
 * It asks the keeper whom an identifier means and what is shared with its
 * people, tells it what they share, asks the processes of other accounts for
 * sessions there, and gives such sessions to others' people.  Who somebody is
 * says the channel, which the parent made, and never what comes through it.
 *
 * `question` is where a session keeps what it waits for: office_forget() drops
 * the reply, and the place is NULL again once it was given.
 */
#ifndef POSTROOM_PROGRAMS_MAILBOX_OFFICE_H
#define POSTROOM_PROGRAMS_MAILBOX_OFFICE_H

#include "gateway/imap/imap.h"
#include "programs/mailbox_inside.h"

/* HARDENING 2: people have a few sessions each, and share with a few; who has
 * all that one may have keeps nobody else out. */
#define OFFICE_VISITORS	300	/* sessions of all others, in one process */
#define OFFICE_VISITS	50	/* of them those of one account */
/* What the keeper could not be told, or not note, is told again, but not at once:
 * its disk may be full for long, and all mailboxes tell it. */
#define OFFICE_AGAIN_MS	60000
#define OFFICE_VISIT_MS	30000	/* for the other process to be there */

struct office_question;		/* opaque; see mailbox_office.c */

/* NULL when memory is out. */
struct mailbox_office *office_new(struct mailbox *);

/* A channel to the keeper, or to another mailbox; and it is lost.  0 or
 * -ENOMEM. */
int	office_peer(struct mailbox_office *, struct ipc *);
void	office_lost(struct mailbox_office *, struct ipc *);

/* The ports of a session (gateway/imap/imap.h).  0, or -errno and no reply. */
int	office_ask_who(struct mailbox_office *, struct slice identifier,
	    imapd_who_fn *reply, void *arg, struct office_question **question);
int	office_ask_shares(struct mailbox_office *, struct slice owner,
	    imapd_shares_fn *reply, void *arg,
	    struct office_question **question);
/* -EALREADY: there is nothing new to tell. */
int	office_tell(struct mailbox_office *, imapd_told_fn *reply, void *arg,
	    struct office_question **question);
int	office_ask_visit(struct mailbox_office *, uint64_t owner,
	    struct slice login, const struct imapd_visitor *,
	    imapd_visit_fn *reply, void *arg,
	    struct office_question **question);
/* NULL is fine. */
void	office_forget(struct office_question *);

/* Tell the keeper what is new, if anything is, or what it did not take
 * OFFICE_AGAIN_MS ago; nobody waits for it. */
void	office_tell_news(struct mailbox_office *);

/* MAILBOX_VISIT has come.  0, or -EBADMSG. */
int	office_receive(struct mailbox_office *, struct ipc *from,
	    struct ipc_message *, enum visit_answer *answer_out);

#endif
