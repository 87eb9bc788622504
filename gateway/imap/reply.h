/*
 * reply.h - the one way an IMAP response is said (RFC 9051 7)
 *
 * Line ends are added here.  What a peer or a letter may have put into a string
 * cannot break the response: a string that no quoted string can hold is said
 * as a literal.  A response that no longer fits into the stream fails the
 * stream, which tells its owner; so nothing is returned.
 */
#ifndef POSTROOM_GATEWAY_IMAP_REPLY_H
#define POSTROOM_GATEWAY_IMAP_REPLY_H

#include "lib/base/stream.h"
#include "lib/base/text.h"

/* "+ go on" (RFC 9051 7.6), and "+ words". */
void	imapd_go_on(struct stream *);
void	imapd_challenge(struct stream *, const char *words);
/* "* OK [code] words", however long the code is. */
void	imapd_untagged_coded(struct stream *, struct slice code,
	    const char *words);
/* "* words" */
void	imapd_untagged(struct stream *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* "tag OK words", with NO and BAD; the words may begin with a code in []. */
void	imapd_tagged(struct stream *, struct slice tag, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));

/*
 * Add `s` as a string: quoted where that can be, else as a literal.  Bytes above
 * ASCII are quoted when `utf8` (the client knows them) and `s` is UTF-8.
 */
void	imapd_add_string(struct text *, struct slice s, bool utf8);
/* The same, but as an atom where that can be (RFC 9051 9, astring). */
void	imapd_add_astring(struct text *, struct slice s, bool utf8);
/*
 * Add the name of a mailbox: modified UTF-7 (RFC 3501 5.1.3), or, `utf8`, as it
 * is (RFC 9051 5.1).
 */
void	imapd_add_mailbox(struct text *, struct slice name, bool utf8);

#endif
