/*
 * reply.h - the one way a POP3 reply is said (RFC 1939 3, RFC 2449 8)
 *
 * Status, response code and CRLF are added here; what a peer may have put into
 * the words cannot break the line.  A reply that no longer fits into the
 * stream fails the stream, which tells its owner; so nothing is returned.
 */
#ifndef POSTROOM_GATEWAY_POP3_REPLY_H
#define POSTROOM_GATEWAY_POP3_REPLY_H

#include "lib/base/stream.h"

#define POP3_AUTH	"AUTH"		/* RFC 3206 4: name or password */
#define POP3_TEMP	"SYS/TEMP"	/* RFC 3206 3: later it may work */
#define POP3_PERM	"SYS/PERM"	/* RFC 3206 3: it needs a person */

/* "+OK words" */
void	pop3_ok(struct stream *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* "-ERR [code] words"; `code` may be NULL. */
void	pop3_err(struct stream *, const char *code, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));
/* A line of a multi-line reply that is known not to begin with a dot. */
void	pop3_line(struct stream *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* The line that ends a multi-line reply. */
void	pop3_dot(struct stream *);
/* The capabilities both states announce (RFC 2449 6); not the ending dot. */
void	pop3_capabilities(struct stream *, bool with_logins);

#endif
