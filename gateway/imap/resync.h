/*
 * resync.h - a client that was away learns what changed (RFC 7162 3.2)
 */
#ifndef POSTROOM_GATEWAY_IMAP_RESYNC_H
#define POSTROOM_GATEWAY_IMAP_RESYNC_H

#include "gateway/imap/parse_sync.h"
#include "gateway/imap/session.h"

/* UIDs that have gone, on their way to the client. */
struct imapd_vanished {
	struct imapd_range	*ranges;	/* in order, none side by side */
	size_t			 count, room, next;
};

/*
 * Find the UIDs of `known` (in order; NULL: all) that have gone with a number
 * above `since`.  Some may never have been a letter's; none is of a letter that
 * the session has in its view.  0, -ENOMEM or -errno; imapd_vanished_end()
 * whatever it was.
 */
int	imapd_vanished_find(struct imapd_vanished *,
	    const struct imapd_session *, uint64_t since,
	    const struct imapd_set *known);
/* Tell of them; true: of all, false: as much as there is room for now. */
bool	imapd_vanished_tell(struct imapd_session *, struct imapd_vanished *);
/* Fine when nothing was found, or looked for (zeroed). */
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
