/*
 * talk_session.h - what a server gave to begin another conversation with
 *
 * A TLS session that is resumed (RFC 8446 2.2, RFC 5077) shows no certificates
 * again, which are 1 to 6 KiB.  It is bound to protocol, host, port, kind of TLS
 * and to what was trusted when they were judged: where one of these is another,
 * or that was TALK_SESSION_MOST_MS ago, or the certificate has run out since,
 * all is shown and judged anew.
 *
 * Who has it can pretend to be that server to us, and read what was said in TLS
 * 1.2: it is never in a file, goes to nobody who does not have the password as
 * well, and is wiped.
 */
#ifndef POSTROOM_BASE_TALK_SESSION_H
#define POSTROOM_BASE_TALK_SESSION_H

#include <stdbool.h>
#include <stddef.h>

/* A longer one is not kept: 1 KiB, and the server's own certificate. */
#define TALK_SESSION_BYTES	8192
#define TALK_SESSION_MOST_MS	86400000	/* a day; RFC 8446 4.6.1: seven */

/* Its owner may put there what it held before; zeroed: none. */
struct talk_session {
	size_t		 len;		/* of `bytes`; 0: none */
	bool		 is_new;	/* changed since its owner looked */
	unsigned char	 bytes[TALK_SESSION_BYTES];
};

#endif
