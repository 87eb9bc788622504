/*
 * transfer_imap.h - all mail of an account on another IMAP server
 */
#ifndef POSTROOM_PROGRAMS_TRANSFER_IMAP_H
#define POSTROOM_PROGRAMS_TRANSFER_IMAP_H

#include "programs/cli.h"

struct transfer_imap {
	const char	*from;		/* imaps://USER@HOST[:PORT], imap:// */
	const char	*tls;		/* none starttls implicit; NULL: as the
					   scheme says */
	const char	*password_file;	/* NULL: it is asked for */
	bool		 is_dry;	/* only log in and count */
};

/* Is `from` such a server? */
bool	transfer_is_imap(const char *from);
/*
 * Collect it all into the account of `address`, or what has come since; nothing
 * is deleted there.  Exit code.
 */
int	transfer_imap(struct cli *, const char *address,
	    const struct transfer_imap *);

#endif
