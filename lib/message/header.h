/*
 * header.h - the header fields of a message (RFC 5322 2.2, 4.5)
 *
 * A walk over borrowed bytes: nothing is copied and each byte is looked at a
 * fixed number of times.  Line ends are CRLF; a bare LF is read as one, because
 * a judge sees fetched mail as it came.  A caller that wants a limit passes the
 * first so many bytes (slice_first).
 */
#ifndef POSTROOM_MESSAGE_HEADER_H
#define POSTROOM_MESSAGE_HEADER_H

#include "lib/base/text.h"

struct header_field {
	struct slice	name;	/* no colon, no blanks before it */
	struct slice	value;	/* after the colon, folding and all, but without
				   the line end that closes the field */
	struct slice	whole;	/* every byte of it, line end included */
};

/*
 * Cut the next field off `*rest`.  False, with nothing changed, at the empty
 * line, at the end and at a line that can be no field (RFC 5322 2.2: printable
 * ASCII, then a colon; 4.5 allows blanks before the colon).
 */
bool	header_next(struct slice *rest, struct header_field *field_out);
/* The same for who picks fields by their names: nothing is done for a value. */
bool	header_pass(struct slice *rest, struct slice *name_out,
	    struct slice *whole_out);

/*
 * Cut off a line that a mailbox file had before the message ("From ann@x Mon
 * Jan ...", or with ">"): it is no field, but what follows is the header all
 * the same.  False, with nothing changed, if no such line begins `*rest`.
 */
bool	header_skip_mbox(struct slice *rest);

/*
 * Bytes of the header block of `message` with the empty line that ends it.
 * Where that line is missing the block ends with the last thing that is a
 * field, and what follows is the body.
 */
size_t	header_bytes(struct slice message);

/* The first field called `name` in `block`, in any letter case. */
bool	header_find(struct slice block, const char *name,
	    struct header_field *field_out);
/* How many fields in `block` are called `name`. */
size_t	header_count(struct slice block, const char *name);

/*
 * Add `value` on one line (RFC 5322 2.2.3): without the line ends before
 * blanks, trimmed at both ends.  A CR, LF or NUL that is left becomes a space,
 * so what is added can be put into a line without breaking it.
 */
void	header_unfold(struct text *, struct slice value);

#endif
