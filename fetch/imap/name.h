/*
 * name.h - names of folders on the wire (RFC 3501 5.1.3)
 *
 * A name is whatever the server says it is (HARDENING F41): it is decoded to be
 * told to people and to the queue, and said back exactly as it came.
 */
#ifndef POSTROOM_FETCH_IMAP_NAME_H
#define POSTROOM_FETCH_IMAP_NAME_H

#include "lib/base/text.h"

/*
 * Add `name`, which is in modified UTF-7 or, from servers that do not know
 * better, in UTF-8.  0, or -EBADMSG: it is neither, strictly (a code that is
 * not closed, padded, or stands for what ASCII can say; half a surrogate), or
 * it holds a control character.
 */
int	imap_name_decode(struct slice name, struct text *utf8);
/*
 * Add `s` as a quoted string.  0, or -EINVAL: it holds what no quoted string
 * can, CR, LF or NUL.
 */
int	imap_quote(struct slice s, struct text *);
/*
 * Add the name of the folder here: its levels joined by "/", without empty
 * ones, with "." and ".." and a "/" inside a level made harmless.  A delimiter
 * that is no printable ASCII is none.  Empty: there is no name, or it is longer
 * than `most` bytes.
 */
void	imap_name_local(struct slice utf8, char delimiter, size_t most,
	    struct text *);

#endif
