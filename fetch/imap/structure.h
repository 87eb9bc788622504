/*
 * structure.h - what BODYSTRUCTURE says of a message (RFC 9051 7.5.2)
 *
 * A server's answer is read as leniently as mail itself: what makes no sense is
 * passed over, and what is deeper or longer than mail ever is does not count.
 */
#ifndef POSTROOM_FETCH_IMAP_STRUCTURE_H
#define POSTROOM_FETCH_IMAP_STRUCTURE_H

#include "fetch/imap/reply.h"
#include "fetch/shape.h"

#define STRUCTURE_DEPTH		10	/* multiparts in multiparts */
#define STRUCTURE_PARTS		500	/* looked at */

/*
 * The value of a BODYSTRUCTURE, a list.  The text is the first one that is no
 * attachment: a plain one before one in HTML, and only where it is sent in a way
 * that a part of another message can have.  An attachment has a name, or is
 * said to be one; one without a name goes by its type.  A message in it is one
 * attachment.
 *
 * 0, or -EBADMSG: it is no structure; `*shape_out` is empty then.  Its names are
 * the caller's to free.
 */
int	imap_structure_read(const struct imap_value *, struct shape *shape_out);

#endif
