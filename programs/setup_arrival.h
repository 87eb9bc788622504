/*
 * setup_arrival.h - how mail arrives at a new hub: what is asked, and what follows
 */
#ifndef POSTROOM_PROGRAMS_SETUP_ARRIVAL_H
#define POSTROOM_PROGRAMS_SETUP_ARRIVAL_H

#include "lib/base/say.h"
#include "lib/base/text.h"

enum arrival {
	ARRIVES_UNSAID,
	ARRIVES_MAILBOXES,	/* each person's at a provider (MultiPOP) */
	ARRIVES_MAILBOX,	/* one for the whole domain (DomainPOP) */
	ARRIVES_MX,		/* other hosts bring it */
	ARRIVES_ETRN,		/* the provider brings it when it is asked */
	ARRIVES_ATRN,		/* the same, on our connection */
	ARRIVALS
};

/* "mailboxes", ...; empty of what is unsaid. */
const char	*arrival_word(enum arrival);
/* That word, or its number as it is asked for; empty: unsaid; ARRIVALS: none. */
enum arrival	 arrival_read(struct slice);
/* Does anybody else connect to port 25 to bring it?  Unsaid: maybe. */
bool		 arrival_is_brought(enum arrival);
/* The provider has mailboxes of the domain that the hub has not (domains.h). */
bool		 arrival_is_shared(enum arrival);
/* What is to be done next, several lines; nothing when it is unsaid. */
void		 arrival_say(struct text *, enum language, enum arrival,
		    const char *domain, const char *hostname,
		    const char *conf);

#endif
