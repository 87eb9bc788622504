/*
 * resync.h - a client that was away learns what changed (RFC 7162 3.2)
 */
#ifndef POSTROOM_GATEWAY_IMAP_RESYNC_H
#define POSTROOM_GATEWAY_IMAP_RESYNC_H

#include "gateway/imap/parse_sync.h"
#include "gateway/imap/session.h"

/* UIDs that have gone, on their way to the client. */
struct imapd_vanished {
	uint64_t		 since;
	const struct imapd_set	*known;		/* or NULL */
	size_t			 known_at;	/* in it: ranges before are
						   below all that comes */
	uint64_t		 from;		/* UIDs below were looked at;
						   0: there is no more to find */
	struct imapd_range	*ranges;	/* in order, none side by side */
	size_t			 count, room, next;
};

/*
 * To be looked for: the UIDs of `known` (in order; NULL: all), which is to last as
 * long, that have gone with a number above `since`.  Some may never have been a
 * letter's; none is of a letter that the session has in its view.
 */
void	imapd_vanished_begin(struct imapd_vanished *, uint64_t since,
	    const struct imapd_set *known);
/*
 * Look for more of them, or tell of them.  1: that was all (also when it never
 * began: zeroed), 0: call again, as far as there is room, or -errno.
 */
int	imapd_vanished_step(struct imapd_session *, struct imapd_vanished *);
/* Give the memory back, at any time; fine when it never began. */
void	imapd_vanished_end(struct imapd_vanished *);

/* "* VANISHED 3:7", with `which` before the set: "" or "(EARLIER) ". */
void	imapd_say_vanished(struct imapd_session *, const char *which,
	    struct slice set);

/* SELECT (QRESYNC): tell what changed, and end the command. */
void	imapd_resync(struct imapd_session *, const struct imapd_select *);
/*
 * To be called as `more`: tell what has gone by this command, and then end it
 * with "OK [HIGHESTMODSEQ n] words" (RFC 7162 3.2.7).
 */
void	imapd_finish_numbered(struct imapd_session *, const char *words);

#endif
