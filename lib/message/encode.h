/*
 * encode.h - a content transfer encoding done, piece by piece (RFC 2045 6.7, 6.8)
 *
 * What decode.h makes of the result is what was given, byte for byte.  Pieces may
 * be cut anywhere: what comes out is the same.  No line that comes out has more
 * than 76 characters; the last one has no end.
 */
#ifndef POSTROOM_MESSAGE_ENCODE_H
#define POSTROOM_MESSAGE_ENCODE_H

#include "lib/base/text.h"

enum encoder_how {
	ENCODE_QUOTED,		/* CRLF stays a line end */
	/*
	 * It is quoted-printable already, but for bytes that are not ASCII and
	 * lines that are too long for SMTP.
	 */
	ENCODE_QUOTED_AGAIN,
	ENCODE_BASE64
};

#define ENCODER_KEPT	57	/* a line of base64 */

/* A body that is being encoded.  Private. */
struct encoder {
	enum encoder_how how;
	size_t		 column;
	unsigned	 in_escape;	/* characters of one that are to come */
	bool		 has_line;	/* of base64 */
	char		 kept[ENCODER_KEPT];
	size_t		 kept_bytes;
};

/* One at the beginning of a body. */
struct encoder	encoder_of(enum encoder_how);
/* Add what `bytes` become: at most six times as many. */
void		encoder_add(struct encoder *, struct slice bytes,
		    struct text *);
/* The body is over: add what was held back. */
void		encoder_end(struct encoder *, struct text *);

#endif
