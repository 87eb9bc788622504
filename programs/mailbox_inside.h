/*
 * mailbox_inside.h - what role_mailbox.c and mailbox_sessions.c share
 */
#ifndef POSTROOM_PROGRAMS_MAILBOX_INSIDE_H
#define POSTROOM_PROGRAMS_MAILBOX_INSIDE_H

#include <sys/queue.h>

#include "programs/mailbox_pause.h"
#include "programs/roles.h"
#include "queue/service.h"
#include "store/selected.h"
#include "store/service.h"

#define COMMIT_MOST	64	/* deliveries in one transaction */

/* A delivery that is in the open transaction and waits for its commit. */
struct unanswered {
	uint64_t	serial;
	int		status;
	bool		was_there;
	bool		in_inbox;	/* though a folder was named */
};

struct session;			/* opaque; see mailbox_sessions.c */
struct rights_errand;		/* opaque; see mailbox_rights.c */
struct mailbox_office;		/* opaque; see mailbox_office.c */
struct mailbox_spam;		/* opaque; see mailbox_spam.c */

struct mailbox {
	struct process		*process;
	struct account		*account;
	struct ipc		*queue;
	struct mailbox_office	*office;	/* other accounts */
	struct mailbox_spam	*spam;	/* NULL: nothing is learnt */
	struct unanswered	 open[COMMIT_MOST];
	size_t			 open_count;
	struct timer		*commit_timer;
	struct timer		*idle_timer;
	struct timer		*compact_timer;
	struct timer		*tell_timer;
	struct timer		*sync_timer;
	struct timer		*search_timer;
	struct mailbox_pause	 search_pause;
	struct timer		*copy_timer;
	struct message_id	 told[EXPUNGED_PAGE];	/* the queue is being */
	size_t			 told_count;	/* 0: it is not */
	TAILQ_HEAD(, session)	 sessions;
	LIST_HEAD(, rights_errand) rights;	/* being changed */
	uint64_t		 changed_modseq;	/* of the last change; 0: none
						   since the process began */
	bool			 may_rest;	/* sessions of the account may rest
						   that were told of no news */
	bool			 unsettled;	/* delivered since a settling */
	bool			 asked_to_go;
	bool			 retiring;
};

/* Somebody needed us: the time until we may go starts again. */
void	mailbox_used(struct mailbox *);
/* -EIO from the store: the disk has failed, and the process ends here. */
void	mailbox_broken(int r);
/* A session wrote what is to be durable within a second. */
void	mailbox_wrote(struct mailbox *);
/* Tell the queue what people have deleted for good. */
void	mailbox_tell_expunged(struct mailbox *);

/* Look after the search index from now on.  0 or -ENOMEM. */
int	mailbox_search_begin(struct mailbox *);
/* Have copies of the index made from now on.  0 or -ENOMEM. */
int	mailbox_copy_begin(struct mailbox *);

/* A visitor's session begins on `fd` (owned): `account` is whose.  0, -ENOMEM or
 * -EBADMSG. */
int	mailbox_visitor_begin(struct mailbox *, int fd, uint64_t account,
	    struct slice login, unsigned enabled, struct slice prefix);
/* MAILBOX_SESSION has come.  0, -EBADMSG or -ENOMEM: there is no session. */
int	mailbox_session_begin(struct mailbox *, struct ipc *from,
	    struct ipc_message *);
/* That door is gone, and its connections with it. */
void	mailbox_sessions_lost(struct mailbox *, const struct ipc *door);
/* Mailbox number `number` has changed: who idles there is told. */
void	mailbox_sessions_changed(struct mailbox *, uint32_t number);
/* How many of them are visitors': `account`'s, or all others' (0). */
unsigned mailbox_visitors_count(const struct mailbox *, uint64_t account);
/* End them all. */
void	mailbox_sessions_close(struct mailbox *);

#endif
