/*
 * etrn.h - ask a provider to send what it holds (ETRN, RFC 1985; ATRN, RFC 2645)
 *
 * ETRN asks for one name after the other; the mail comes later, by SMTP, to the
 * listeners of the hub.  ATRN reverses the roles: from then on the provider is
 * the client, and the door serves it, whose SMTP server has heard nothing of
 * what was said before.  What the door answers with 250 is safe here; nothing
 * else counts as taken.
 */
#ifndef POSTROOM_FETCH_ETRN_H
#define POSTROOM_FETCH_ETRN_H

#include "fetch/line_bill.h"
#include "fetch/service.h"
#include "lib/base/ipc.h"
#include "lib/base/talk.h"
#include "policy/fetch_accounts.h"

struct etrn;			/* opaque; see etrn.c */

struct etrn_options {
	const struct fetch_account *account;	/* copied */
	/* or the access token; copied, wiped at the end; "" without a login */
	const char	*password;
	const char	*addresses;	/* of its host; see talk.h */
	const struct talk_proxy *proxy;	/* borrowed, to the end; or NULL */
	const char	*called;	/* the hub's name, for EHLO; copied */
	enum fetch_task	 task;		/* TRY: it is seen whether it offers it */
	struct line_bill *bill;		/* borrowed: what it costs the line */
	struct talk_session *session;	/* the same: of TLS, to be resumed */
	/* 0: the defaults in etrn.c */
	uint64_t	 connect_ms, open_ms, silence_ms;
	uint64_t	 turned_ms;	/* without a byte, with the roles reversed */
};

struct etrn_events {
	void	*arg;
	void	(*progress)(void *arg, const struct fetch_progress *);
	/* It is over, called once; etrn_free() may be called here. */
	void	(*over)(void *arg, const struct fetch_outcome *);
};

/*
 * Begin.  `door` is the channel to the door (borrowed; when it is lost, call
 * etrn_door_lost()), needed for ATRN only.  0, -EINVAL or -ENOMEM: then nothing
 * comes.
 */
int	etrn_start(struct talk_hall *, struct loop *, struct ipc *door,
	    const struct etrn_options *, const struct etrn_events *,
	    struct etrn **etrn_out);
void	etrn_door_lost(struct etrn *);
/* The line has closed: nothing more is carried, what is taken is taken. */
void	etrn_pause(struct etrn *);
/* End it now, without over(); NULL is fine. */
void	etrn_free(struct etrn *);

#endif
