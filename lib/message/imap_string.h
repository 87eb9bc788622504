/*
 * imap_string.h - strings as IMAP writes them (RFC 9051 4.3)
 *
 * Quoted where that can be, else a literal: bytes above ASCII may stand in
 * quotes only after ENABLE, in a literal always, so that what is written once
 * serves IMAP4rev1, IMAP4rev2 and UTF8=ACCEPT.
 */
#ifndef POSTROOM_MESSAGE_IMAP_STRING_H
#define POSTROOM_MESSAGE_IMAP_STRING_H

#include "lib/base/text.h"

/*
 * Add `s` as a string.  CR, LF and NUL, which have no place in a string about a
 * message, become blanks: what is added is one quoted string, or one literal
 * whose bytes are one line.
 */
void	imap_string(struct text *, struct slice s);
/* The same of a header value: unfolded and trimmed first (header.h). */
void	imap_string_unfold(struct text *, struct slice value);

/*
 * Cut the string or NIL that imap_string() wrote off `*rest` and add what it
 * says.  1 a string, 0 NIL, -EINVAL neither.
 */
int	imap_string_read(struct slice *rest, struct text *);

#endif
