/*
 * etrn_reply.h - what an SMTP server says to ETRN and ATRN, and what it means
 *
 * RFC 1985 5 and RFC 2645 5 name the replies; servers say others too, which
 * mean what their first digit does (RFC 5321 4.2.1).
 */
#ifndef POSTROOM_FETCH_ETRN_REPLY_H
#define POSTROOM_FETCH_ETRN_REPLY_H

#include "fetch/service.h"
#include "policy/fetch_accounts.h"

/* A line of a reply (RFC 5321 4.2). */
struct etrn_line {
	unsigned	code;
	bool		is_last;
	struct slice	words;		/* behind the code */
};

/* Read a line without its end.  0 or -EINVAL: that is no reply. */
int	etrn_line_read(struct slice, struct etrn_line *line_out);

/* What EHLO offers, and what else is said while it is opened. */
struct etrn_offer {
	bool		has_etrn, has_atrn, has_auth;
	bool		is_logged_in;	/* it has said 235 */
};
/* One more line that has come. */
void	etrn_offer_line(struct etrn_offer *, struct slice);

/* What it said to ETRN; DONE: it sends, or has nothing to send. */
enum fetch_end	etrn_meaning(unsigned code);
/* And to ATRN; DONE with 250: the roles are reversed, else it has no mail. */
enum fetch_end	atrn_meaning(unsigned code);
/* 253: how many messages wait there; 0 where the words do not say. */
uint64_t	etrn_pending(const struct etrn_line *);

#endif
