/*
 * decode.h - a content transfer encoding undone, piece by piece
 *
 * RFC 2045 6.7 and 6.8, as forgiving as mail programs are: what is no digit of
 * base64 is passed over, its pad ends a group and digits behind it begin another
 * one; a "=" of quoted-printable that begins nothing stands for itself, blanks
 * at the end of a line go.  Pieces may be cut anywhere: what comes out is the
 * same.
 */
#ifndef POSTROOM_MESSAGE_DECODE_H
#define POSTROOM_MESSAGE_DECODE_H

#include "lib/base/text.h"
#include "lib/message/mime.h"

/* Bytes of a line end or escape that one piece may hold back from the next. */
#define DECODER_KEPT	80

/* A body that is being decoded.  Private. */
struct decoder {
	enum mime_encoding	encoding;
	unsigned		bits;	/* base64: the digits of a group... */
	unsigned		have;	/* ...how many bits of them are left */
	char			kept[DECODER_KEPT];
	size_t			kept_bytes;
};

/*
 * Begin.  0, or -ENOTSUP: nobody knows how this is encoded (RFC 3516 4.3:
 * UNKNOWN-CTE).
 */
int	decoder_begin(struct decoder *, enum mime_encoding);
/*
 * Add what `bytes` mean to the text: at most as many bytes and DECODER_KEPT
 * more.
 */
void	decoder_add(struct decoder *, struct slice bytes, struct text *);
/* The body is over: add what was held back. */
void	decoder_end(struct decoder *, struct text *);

/*
 * How many bytes `body` decodes to (BINARY.SIZE), without keeping them.  0 or
 * -ENOTSUP.
 */
int	decode_bytes(enum mime_encoding, struct slice body,
	    uint64_t *bytes_out);

#endif
