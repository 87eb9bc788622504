/*
 * doubt.h - messages that have not the size they are listed with
 *
 * That may be a server that estimates, a message that a bare dot has cut
 * (HARDENING F14), or answers that are out of step with the commands, each
 * standing for another message (F13, F29).  While one is in doubt nothing is
 * submitted.
 *
 * The first such message is fetched again, with nothing else under way.  If it
 * has its size now, it is that, and what came behind the first answer is not
 * trusted.  If not, its server estimates, and from there on the conversation
 * goes in lock-step: one RETR at a time, no byte between an answer and the next
 * command, and a message of another size than listed is submitted when the
 * status line after it was one.  Where it was none, the message has been cut:
 * it is stored as that, and the whole one never deleted.
 *
 * One that is listed without a size is not fetched again, it only waits.  A
 * conversation begins with one RETR at a time, too, until a size was right.
 */
#ifndef POSTROOM_FETCH_DOUBT_H
#define POSTROOM_FETCH_DOUBT_H

#include "fetch/submit.h"

struct doubt {
	struct parcel	*first;		/* of those in doubt; or NULL */
	bool		 asked_again;	/* RETR has been said for it */
	bool		 is_last;	/* the next status line decides */
	bool		 asked_noop;	/* there is no other command */
	struct parcels	 since;		/* in doubt as well, in their order */
	unsigned	 since_count;
	unsigned	 not_exact;	/* EXACT_ bits: it does not count so */
	bool		 proven;	/* some size was right */
	bool		 estimates;	/* its sizes are known to be wrong */
};

/* One RETR at a time, and nothing else under way. */
bool	doubt_is_lock_step(const struct collect *);
/* The next status line decides on a message. */
bool	doubt_is_waiting(const struct collect *);
/*
 * A message has come; `again`: it was fetched for a doubt.  Submit it, or keep
 * it until its doubt is cleared up.
 */
void	doubt_judge(struct collect *, struct parcel *, bool again);
/* A status line has come that was none of a message in doubt. */
void	doubt_confirm(struct collect *);
/* It does not give a message twice. */
void	doubt_refused(struct collect *);
/* What came behind it was no answer: it is cut.  Then the conversation ends. */
void	doubt_cut(struct collect *);
/*
 * What is in doubt will not be cleared up: one that is cut is submitted as
 * that, what came after it is left where it is.
 */
void	doubt_settle(struct collect *);
/* Submit nothing of them. */
void	doubt_forget(struct collect *);

#endif
